/**
 * Runs each contender once a round, the order turned by one each time, so that a noisy minute hits all of them alike. The first
 * round warms caches and does not count, and neither does what a contender needs before it begins. Milliseconds.
 */
export function interleave(box, contenders, rounds) {
  const times = contenders.map(() => [])
  const failures = contenders.map(() => 0)
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const at = (turn + round) % contenders.length
      contenders[at].reset?.()
      const argv = contenders[at].next?.() ?? contenders[at].argv
      const start = process.hrtime.bigint()
      const code = box.run(argv, contenders[at].env)
      const took = Number(process.hrtime.bigint() - start) / 1e6
      if (code !== 0) failures[at]++
      else if (round > 0) times[at].push(took)
    }
  }
  return contenders.map(({ name }, at) => ({ contender: name, failures: failures[at], ...summary(times[at]) }))
}

export function summary(list) {
  const sorted = [...list].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { min: sorted[0] ?? Number.NaN, median: median ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, rounds: sorted.length }
}
