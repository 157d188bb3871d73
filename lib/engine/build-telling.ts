import { canceled } from '../build/canceled.ts'
import type { BuildInput } from './build-input.ts'

/** Tells of what a build does, by numbers in the order in which it begins. */
export class Telling {
  readonly #onEvent: BuildInput['onEvent']
  readonly #signal: AbortSignal
  #count = 0

  constructor({ onEvent, signal }: Pick<BuildInput, 'onEvent' | 'signal'>) {
    this.#onEvent = onEvent
    this.#signal = signal
  }

  start(title: string): number {
    const number = ++this.#count
    this.#onEvent({ kind: 'started', number, title })
    return number
  }

  /** Does something that is no step of the Dockerfile, and tells of its beginning and its end. */
  async of<T>(title: string, work: (say: (line: string) => void, number: number) => Promise<T>): Promise<T> {
    const number = this.start(title)
    const say = (line: string) => this.#onEvent({ kind: 'output', number, bytes: Buffer.from(`${line}\n`) })
    try {
      const result = await work(say, number)
      this.#onEvent({ kind: 'done', number })
      return result
    } catch (failure) {
      const error = this.#signal.aborted ? canceled() : failure
      this.#onEvent({ kind: 'failed', number, title, step: undefined, error })
      throw error
    }
  }
}
