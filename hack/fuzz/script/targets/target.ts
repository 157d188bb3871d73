/** What is fuzzed: `loop.mjs` looks for inputs that make `run` throw or take long; a unit test runs over those that are kept. */
export interface FuzzTarget {
  /** Bytes of the largest input. */
  max: number
  /** What is worth trying beside the literals of the source. */
  words?: readonly string[]
  /** Throws where something that must hold does not. */
  run(input: Buffer): void
  /** Puts checksums and lengths right that a change has made wrong, mostly: they would hide all that is behind them. */
  repair?(input: Buffer, random: { below(count: number): number }): Buffer
}

/** For what must hold. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`)
}

/** What `work` gives; undefined where it throws what it may throw. */
export function allow<T>(work: () => T, isAllowed: (error: unknown) => boolean): T | undefined {
  try {
    return work()
  } catch (error) {
    if (isAllowed(error)) return undefined
    throw error
  }
}
