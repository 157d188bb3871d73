import { describe, expect, it, test } from 'vitest'
import { containerFilter, parseContainerFilters } from '../../../lib/cli/container-filter.ts'
import { checkSortKey, sortContainers } from '../../../lib/cli/container-sort.ts'
import type { ContainerView } from '../../../lib/container/view.ts'

interface Wish {
  name: string
  created?: string
  command?: string[]
  status?: string
  ports?: { hostIp: string; hostPort: number; containerPort: number; protocol: string }[]
  exposed?: Record<string, object>
}

const view = ({ name, created = '2024-05-01T12:00:00Z', command = ['sh'], status = 'exited', ports = [], exposed = {} }: Wish): ContainerView => {
  const image = { id: '', reference: `image-${name}`, config: { ExposedPorts: exposed }, layers: [] }
  const options = { command, labels: {}, network: '' }
  return { record: { id: name.repeat(8), name, created, image, options, ports, mounts: [] }, status } as unknown as ContainerView
}

describe('ps --sort', () => {
  const views = [
    view({ name: 'c', created: '2024-05-03T12:00:00Z', command: ['b'], status: 'running' }),
    view({ name: 'a', created: '2024-05-02T12:00:00Z', command: ['c'] }),
    view({ name: 'b', created: '2024-05-01T12:00:00Z', command: ['a'] }),
  ]
  test.each([
    ['names', 'abc'],
    ['id', 'abc'],
    ['image', 'abc'],
    ['created', 'bac'],
    ['command', 'bca'],
    ['status', 'abc'],
    ['size', 'acb'],
  ])('%s', (key, order) => {
    const sizes: Record<string, number> = { a: 1, b: 3, c: 2 }
    expect(
      sortContainers(views, key, ({ record }) => sizes[record.name]!)
        .map(({ record }) => record.name)
        .join(''),
    ).toBe(order)
  })

  it('knows no other', () => {
    expect(() => checkSortKey('weight')).toThrow(expect.objectContaining({ message: 'invalid sort flag: "weight"' }))
  })
})

describe('ps --filter', () => {
  const web = view({ name: 'web', ports: [{ hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' }], exposed: { '53/udp': {} } })
  const old = view({ name: 'old', created: '2020-01-01T00:00:00Z' })
  const names = async (...entries: string[]) => {
    const fits = await containerFilter(parseContainerFilters(entries), async () => '')
    return [web, old].filter(fits).map(({ record }) => record.name)
  }

  test.each([
    [['publish=8080'], ['web']],
    [['publish=8000-9000/tcp'], ['web']],
    [['publish=80'], []],
    [['publish=8080/udp'], []],
    [['expose=53/udp'], ['web']],
    [['expose=80'], ['web']],
    [['expose=53'], []],
    [['until=2021-01-01'], ['old']],
    [['is-task=false'], ['web', 'old']],
    [['is-task=true'], []],
  ])('%j', async (entries, expected) => {
    expect(await names(...entries)).toEqual(expected)
  })

  test.each(['publish=x', 'publish=90-80', 'until=nonsense', 'nope=1'])('%s is refused', (entry) => {
    expect(() => parseContainerFilters([entry])).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
