import { LichenError } from './errors.ts'

/** What must be taken back if the rest fails, or at the end in any case. */
export interface Undo {
  /** `what` names the step in the report of a failed undo: "remove /run/...". */
  add(what: string, action: () => Promise<unknown> | unknown): void
  /** Everything has succeeded: nothing is to be taken back. */
  forget(): void
  /**
   * In reverse order, past failures. Throws UNDO_FAILED with all of them at the end; where `during` is
   * given (what made the undo necessary), that is thrown instead, with the failures told in its message.
   */
  run(during?: unknown): Promise<void>
}

export function undoStack(): Undo {
  let steps: { what: string; action: () => Promise<unknown> | unknown }[] = []
  return {
    add(what, action) {
      steps.push({ what, action })
    },
    forget() {
      steps = []
    },
    async run(during) {
      const failures: { what: string; error: unknown }[] = []
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          await step.action()
        } catch (error) {
          failures.push({ what: step.what, error })
        }
      }
      if (failures.length === 0) {
        if (during !== undefined) throw during
        return
      }
      const report = failures.map(({ what, error }) => `${what}: ${(error as Error).message}`).join('; ')
      if (during instanceof LichenError) {
        const { code, hint, exitCode } = during
        throw new LichenError(`${during.message} (and afterwards: ${report})`, { code, exitCode, cause: during, ...(hint === undefined ? {} : { hint }) })
      }
      if (during !== undefined) throw during
      throw new LichenError(`not everything could be taken back: ${report}`, { code: 'UNDO_FAILED', cause: failures[0]?.error })
    },
  }
}
