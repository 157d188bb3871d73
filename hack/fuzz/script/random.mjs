/** Numbers that come again for the same seed: xorshift32. */
export class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0 || 1
  }

  /** 0 to `count` - 1 */
  below(count) {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % Math.max(1, count)
  }

  pick(list) {
    return list[this.below(list.length)]
  }
}
