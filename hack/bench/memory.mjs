import { readdirSync, readFileSync } from 'node:fs'
import { summary } from './measure.mjs'

const EVERY = 20

/** Runs each contender once a round; the most memory that it and its children have at one time, MB: what they share counts once (Pss), and each time (Rss). */
export async function peakMemory(box, contenders, rounds) {
  const peaks = contenders.map(() => [])
  const failures = contenders.map(() => 0)
  for (let round = 0; round < rounds; round++) {
    for (const [at, { next, env }] of contenders.entries()) {
      const { code, peak } = await watch(box.start(next(), env))
      if (code === 0) peaks[at].push(peak)
      else failures[at]++
    }
  }
  return contenders.map(({ name }, at) => ({
    contender: name,
    unit: 'MB',
    failures: failures[at],
    ...summary(peaks[at].map(({ pss }) => pss)),
    rss: summary(peaks[at].map(({ rss }) => rss)),
  }))
}

function watch(child) {
  const peak = { pss: 0, rss: 0 }
  let before = { pss: 0, rss: 0 }
  const timer = setInterval(() => {
    const now = memoryOf(family(child.pid))
    // A child that has not executed its program yet has its parent's memory, which would count twice: so what is there in two looks in a row.
    peak.pss = Math.max(peak.pss, Math.min(before.pss, now.pss))
    peak.rss = Math.max(peak.rss, Math.min(before.rss, now.rss))
    before = now
  }, EVERY)
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearInterval(timer)
      resolve({ code, peak })
    })
  })
}

function family(pid) {
  const children = tasks(pid).flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean))
  return [pid, ...children.flatMap(family)]
}

function tasks(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Of a process that may not be looked into (an ordinary user's, under an id map) its resident memory counts whole. */
export function memoryOf(pids) {
  const sum = { pss: 0, rss: 0 }
  for (const pid of pids) {
    const rss = megabytes(read(`/proc/${pid}/status`), 'VmRSS') ?? 0
    sum.rss += rss
    sum.pss += megabytes(read(`/proc/${pid}/smaps_rollup`), 'Pss') ?? rss
  }
  return sum
}

function megabytes(text, field) {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1000
}

/** Who has gone has no memory. */
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
