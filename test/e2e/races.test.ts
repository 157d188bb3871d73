import { expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const times = <T>(count: number, make: (at: number) => Promise<T>) => Promise.all(Array.from({ length: count }, (_, at) => make(at)))

it('starts a container once, whoever is first', async () => {
  await box.ok('create', '--name', 'one', 'busybox', 'sh', '-c', 'echo started; sleep 1000')
  const all = await times(8, () => box.lichen('start', 'one'))
  expect(all.map(({ code, stdout }) => [code, stdout])).toEqual(Array.from({ length: 8 }, () => [0, 'one\n']))
  await box.ok('stop', '-t', '0', 'one')
  expect(await box.ok('logs', 'one')).toBe('started')
})

it('gives a name to one of many', async () => {
  const all = await times(8, () => box.lichen('create', '--name', 'mine', 'busybox'))
  expect(all.filter(({ code }) => code === 0)).toHaveLength(1)
  expect(all.filter(({ stderr }) => stderr.includes('is already in use'))).toHaveLength(7)
})

it('removes a container once, and tells the others that it is gone', async () => {
  await box.ok('run', '-d', '--name', 'one', 'busybox', 'sleep', '1000')
  const all = await times(6, () => box.lichen('rm', '-f', 'one'))
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
  expect(all.filter(({ stdout }) => stdout === 'one\n')).toHaveLength(1)
})

it('lets rm -f and --rm meet', async () => {
  await times(6, async (at) => {
    await box.ok('run', '-d', '--rm', '--name', `brief${at}`, 'busybox', 'sh', '-c', 'sleep 0.2')
    const { code } = await box.lichen('rm', '-f', `brief${at}`)
    expect(code).toBe(0)
  })
})

it('lets start, stop, kill, rm, exec, logs and ps meet', async () => {
  await box.ok('create', '--name', 'busy', 'busybox', 'sh', '-c', 'trap "exit 0" TERM; echo up; while :; do sleep 0.02; done')
  const verbs = [['start'], ['stop', '-t', '1'], ['kill'], ['start'], ['logs'], ['exec'], ['inspect'], ['start']]
  const results = await times(32, async (at) => {
    const [verb = '', ...flags] = verbs[at % verbs.length]!
    const result = await box.lichen(verb, ...flags, 'busy', ...(verb === 'exec' ? ['true'] : []))
    const ps = await box.lichen('ps', '-a', '--format', '{{.Names}} {{.State}}')
    return { verb, result, ps }
  })
  for (const { verb, result, ps } of results) {
    expect(ps.stdout).toMatch(/^busy (created|running|exited)\n$/)
    // A bug, or something half-made, would say so.
    expect(`${verb}: ${result.stderr}`).not.toMatch(/this is a bug|monitor|ENOENT|EEXIST|lock/)
    if (verb === 'start' || verb === 'stop' || verb === 'logs' || verb === 'inspect')
      expect({ verb, ...result }).toEqual(expect.objectContaining({ verb, code: 0 }))
  }
})

it('makes, runs and removes forty containers from forty clients', async () => {
  const all = await times(40, (at) => box.lichen('run', '--rm', '--network', 'none', 'busybox', 'sh', '-c', `echo ${at}; exit ${at}`))
  expect(all.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(Array.from({ length: 40 }, (_, at) => [at, `${at}\n`, '']))
})

it('goes on with a removal that was cut short', async () => {
  for (const delay of [5, 20, 40, 60, 80]) {
    await box.ok('run', '--name', 'half', '-v', '/data', 'busybox', 'sh', '-c', 'for i in $(seq 100); do mkdir -p /data/$i /x/$i; done; chown -R 1000 /x')
    const rm = box.start(['rm', '-v', 'half'])
    await new Promise((resolve) => setTimeout(resolve, delay))
    rm.kill('SIGKILL')
    await rm.exited
    await box.clear()
  }
})
