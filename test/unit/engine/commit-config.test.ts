import { expect, it } from 'vitest'
import type { ContainerRecord } from '../../../lib/container/record.ts'
import { commitConfig } from '../../../lib/engine/commit-config.ts'

const record = (config: object, options: object, mounts: object[] = []) =>
  ({
    image: { config },
    options: { env: [], publish: [], command: [], labels: {}, entrypoint: undefined, user: undefined, workdir: undefined, stopSignal: undefined, ...options },
    mounts,
  }) as unknown as ContainerRecord

it('nothing said, nothing changed', () => {
  const config = { Env: ['A=1'], Cmd: ['sh'], Labels: { a: 'b' } }
  expect(commitConfig(record(config, {}), [])).toEqual(config)
  expect(commitConfig(record({}, {}), [])).toEqual({})
})

it('what the container was created with stays with the image', () => {
  const committed = commitConfig(
    record(
      { Env: ['A=1', 'B=2'], Cmd: ['sh'], Labels: { a: '1', b: '2' }, ExposedPorts: { '80/tcp': {} } },
      {
        env: ['B=3', 'C=4', 'D'],
        command: ['top'],
        labels: { b: '3' },
        publish: [{ containerPort: 53, protocol: 'udp' }],
        user: 'alice',
        workdir: '/w',
        stopSignal: 'SIGINT',
      },
      [
        { anonymous: true, target: '/v' },
        { anonymous: false, target: '/bound' },
      ],
    ),
    [],
  )
  expect(committed).toEqual({
    Env: ['A=1', 'B=3', 'C=4'],
    Cmd: ['top'],
    Labels: { a: '1', b: '3' },
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Volumes: { '/v': {} },
    User: 'alice',
    WorkingDir: '/w',
    StopSignal: 'SIGINT',
  })
})

it("an entrypoint puts the image's command aside, and --change has the last word", () => {
  expect(commitConfig(record({ Cmd: ['sh'] }, { entrypoint: ['/e'] }), [])).toEqual({ Entrypoint: ['/e'] })
  expect(commitConfig(record({ Cmd: ['sh'] }, {}), ['CMD ["x"]', 'ENV Q=1', 'WORKDIR /z'])).toEqual({ Cmd: ['x'], Env: ['Q=1'], WorkingDir: '/z' })
})
