/** How often is told as AFL tells it: 1, 2, 3, 4 to 7, 8 to 15, ... */
const buckets = Uint8Array.from({ length: 256 }, (_, count) =>
  count === 0 ? 0 : count < 4 ? 1 << (count - 1) : count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : count < 128 ? 64 : 128,
)

/** What has been seen of all branches. */
export class Coverage {
  #counters
  #seen

  constructor(counters) {
    this.#counters = counters
    this.#seen = new Uint8Array(counters.length)
  }

  /** Runs once and tells whether some branch was taken, or taken so often, for the first time; unless `keep`, it stays unseen. */
  isNew(run, keep = true) {
    this.#counters.fill(0)
    run()
    let fresh = false
    for (let at = 0; at < this.#counters.length; at++) {
      const bucket = buckets[this.#counters[at]]
      if ((bucket & ~this.#seen[at]) === 0) continue
      fresh = true
      if (!keep) return true
      this.#seen[at] |= bucket
    }
    return fresh
  }

  /** The same, however often. */
  takesNewBranch(run) {
    this.#counters.fill(0)
    run()
    const fresh = this.#counters.some((count, at) => count > 0 && this.#seen[at] === 0)
    for (let at = 0; at < this.#counters.length; at++) this.#seen[at] |= buckets[this.#counters[at]]
    return fresh
  }

  get branches() {
    return this.#seen.reduce((sum, seen) => sum + (seen === 0 ? 0 : 1), 0)
  }
}
