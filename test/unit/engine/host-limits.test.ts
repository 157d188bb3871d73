import { cpus } from 'node:os'
import { expect, it } from 'vitest'
import { checkAgainstHost } from '../../../lib/engine/host-limits.ts'

const most = cpus().length

it.each([{}, { cpus: 0.01 }, { cpus: most }, { cpusetCpus: '' }, { cpusetCpus: `0-${most - 1},0` }])('%j is to be had', (limits) =>
  expect(() => checkAgainstHost(limits)).not.toThrow(),
)

const range = `Range of CPUs is from 0.01 to ${most}.00, as there are only ${most} CPUs available`
it.each([
  [{ cpus: -1 }, range],
  [{ cpus: 0.001 }, range],
  [{ cpus: most + 0.5 }, range],
  [{ cpusetCpus: `0,${most}` }, `Requested CPUs are not available - requested 0,${most}, available: 0-${most - 1}`],
])("%j is refused in Docker's words", (limits, message) =>
  expect(() => checkAgainstHost(limits)).toThrow(expect.objectContaining({ message, code: 'BAD_LIMIT' })),
)
