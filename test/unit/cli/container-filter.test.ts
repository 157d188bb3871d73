import { describe, expect, it } from 'vitest'
import { containerFilter, parseContainerFilters } from '../../../lib/cli/container-filter.ts'
import type { ContainerView } from '../../../lib/container/view.ts'
import { plainOptions } from '../../helpers/spec-input.ts'

const view = {
  record: {
    name: 'web',
    image: { config: { ExposedPorts: { '9000/tcp': {} } } },
    options: { ...plainOptions, publish: [{ hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
    ports: [{ hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    mounts: [],
  },
  status: 'running',
} as unknown as ContainerView

describe('filters by ports', () => {
  it.each([
    ['publish=8080', true],
    ['publish=8080/tcp', true],
    ['publish=8000-9000', true],
    ['publish=8080/udp', false],
    ['publish=80', false],
    ['expose=80', true],
    ['expose=9000/tcp', true],
    ['expose=8080', false],
    ['is-task=false', true],
    ['is-task=true', false],
  ])('%s', async (filter, passes) => expect((await containerFilter(parseContainerFilters([filter]), async () => ''))(view)).toBe(passes))

  it('refuses what is no port', () => expect(() => parseContainerFilters(['publish=x'])).toThrow("invalid filter 'publish=x'"))
})
