import { visible } from '../system/log.ts'
import { writeErr } from '../system/output.ts'

/** Says each failure of a verb with several arguments; the last one is thrown, unless they are `harmless`. Gives 0. */
export function printFailures(failures: readonly Error[], harmless = false): number {
  const last = harmless ? undefined : failures.at(-1)
  for (const failure of failures) if (failure !== last) writeErr(`Error: ${visible(failure.message)}\n`)
  if (last !== undefined) throw last
  return 0
}
