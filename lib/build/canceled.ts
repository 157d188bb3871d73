import { LichenError } from '../system/errors.ts'

export const canceled = () => new LichenError('the build was canceled', { code: 'BUILD_CANCELED', exitCode: 130 })

/** Throws BUILD_CANCELED. */
export function checkCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw canceled()
}

/** The same items; the next one is not waited for once it is canceled. Throws BUILD_CANCELED. */
export async function* untilCanceled<T, R>(signal: AbortSignal, items: AsyncIterable<T, R, undefined>): AsyncGenerator<T, R, void> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      checkCanceled(signal)
      const step = await iterator.next()
      if (step.done) return step.value
      yield step.value
    }
  } finally {
    await iterator.return?.()
  }
}

export const isCanceled = (error: unknown): boolean => error instanceof LichenError && error.code === 'BUILD_CANCELED'
