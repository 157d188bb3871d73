/** What went wrong, in one line, with what the user can do about it. */
export interface ErrorDetails {
  /** Stable, for scripts and tests: `IMAGE_NOT_FOUND`, `NO_SUBUIDS`, ... */
  code: string
  /** One or more lines printed behind `hint:`. */
  hint?: string
  /** Exit code of the command; 125 (Docker's "the tool itself failed") where absent. */
  exitCode?: number
  cause?: unknown
}

/**
 * An error that is a message for the user. Thrown where the fact is known, printed once, in `main`.
 * Anything else that reaches `main` is a bug and is printed as one.
 */
export class LichenError extends Error {
  override readonly name = 'LichenError'
  readonly code: string
  readonly hint: string | undefined
  readonly exitCode: number

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.hint = details.hint
    this.exitCode = details.exitCode ?? 125
  }
}
