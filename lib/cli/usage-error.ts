import { LichenError } from '../system/errors.ts'

/** A command line that can't be understood. Docker's words, 125. */
export function usageError(message: string, hint?: string, exitCode = 125): LichenError {
  return new LichenError(message, { code: 'USAGE', exitCode, ...(hint === undefined ? {} : { hint }) })
}

/** `invalid argument "x" for "-p, --publish" flag: why`, as Docker says it. */
export const invalidArgument = (value: string, flag: string, why: string, hint?: string) =>
  usageError(`invalid argument ${JSON.stringify(value)} for "${flag}" flag: ${why}`, hint)
