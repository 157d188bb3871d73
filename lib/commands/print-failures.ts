import { LichenError } from '../system/errors.ts'
import { visible } from '../system/log.ts'
import { writeErr } from '../system/output.ts'

/** Says each failure of a verb with several arguments; the last one is thrown, unless they are `harmless`. `sum`: with Docker's line below. Gives 0. */
export function printFailures(failures: readonly Error[], { harmless = false, sum }: { harmless?: boolean; sum?: string | undefined } = {}): number {
  if (sum !== undefined && failures.length > 0) throw summed(failures, sum)
  const last = harmless ? undefined : failures.at(-1)
  for (const failure of failures) if (failure !== last) writeErr(`Error: ${visible(failure.message)}\n`)
  if (last !== undefined) throw last
  return 0
}

/** Docker's last line, which names what has failed, behind a line and perhaps a hint for each. */
export function summed(failures: readonly Error[], sum: string): LichenError {
  for (const failure of failures) {
    writeErr(`Error: ${visible(failure.message)}\n`)
    if (failure === failures.at(-1) && failure instanceof LichenError && failure.hint !== undefined) {
      for (const line of failure.hint.split('\n')) writeErr(`hint: ${visible(line)}\n`)
    }
  }
  return new LichenError(sum, { code: 'SOME_FAILED', exitCode: 1, cause: failures.at(-1) })
}
