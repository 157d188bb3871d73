import { readdirSync, readFileSync } from 'node:fs'
import { summary } from './measure.mjs'
import { memoryOf } from './memory.mjs'

/** Starts each contender once a round; what all processes of it have in the end, but for the container's own, MB (Pss). */
export async function idleMemory(box, contenders, rounds) {
  const sizes = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [at, { start, end }] of contenders.entries()) {
      box.succeed(start)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      sizes[at].push(memoryOf(helpersOf(box.folder)).pss)
      box.succeed(end)
    }
  }
  return contenders.map(({ name }, at) => ({ contender: name, unit: 'MB', failures: 0, ...summary(sizes[at]) }))
}

/** They have the folder in their words or in their environment, which the container's process has not. */
const helpersOf = (folder) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && ['cmdline', 'environ'].some((file) => read(pid, file).includes(folder)))

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
