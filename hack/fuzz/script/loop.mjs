// Fuzzes a target that is written in TypeScript, guided by the branches that are taken (docs/adr/0079):
//   node loop.mjs TARGET SECONDS CORPUS FINDINGS    finds; what takes a new branch is added to the folder CORPUS
//   node loop.mjs --keep TARGET CORPUS KEPT         puts the smallest inputs of CORPUS that take all of its branches into the folder KEPT

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Coverage } from './coverage.mjs'
import { instrument, makeCounters } from './instrument.mjs'
import { mutate } from './mutate.mjs'
import { Random } from './random.mjs'
import { watch } from './watch.mjs'

/** Milliseconds for an input of at most `max` bytes; what is linear needs a hundredth. */
const SLOW = 200

const top = fileURLToPath(new URL('../../..', import.meta.url))

async function load(name) {
  const { file, counters, words } = instrument({
    top,
    entry: join(top, `hack/fuzz/script/targets/${name}.ts`),
    into: join(top, 'dist/fuzz/script', name),
    counted: (path) => path.startsWith('lib/') && !path.startsWith('lib/system/'),
  })
  const coverage = new Coverage(makeCounters(counters))
  const { target } = await import(pathToFileURL(file).href)
  return { target, coverage, counters, words: [...words, ...(target.words ?? [])].map((word) => Buffer.from(word)) }
}

const inputsOf = (folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name)))
const nameOf = (input) => createHash('sha1').update(input).digest('hex')

function save(folder, name, input) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), input)
}

/** Shortest time of several: the machine has other things to do. */
function timeOf(run) {
  let least = Infinity
  for (let attempt = 0; attempt < 3; attempt++) {
    const start = performance.now()
    run()
    least = Math.min(least, performance.now() - start)
    if (least < SLOW) break
  }
  return least
}

function check(target, input) {
  const start = performance.now()
  target.run(input)
  if (performance.now() - start < SLOW) return
  const time = timeOf(() => target.run(input))
  if (time >= SLOW) throw new Error(`takes ${Math.round(time)} ms for ${input.length} bytes`)
}

/** Pieces are left out as long as `isNew`. A short input is quick, and what is changed in it counts; to the last byte it need not be so. */
function shorten(input, isNew) {
  let best = input
  const end = performance.now() + 100
  for (let size = best.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < best.length; ) {
      if (performance.now() > end) return best
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)])
      if (isNew(shorter)) best = shorter
      else at += size
    }
  }
  return best
}

async function find(name, seconds, corpusFolder, findings) {
  const { target, coverage, counters, words } = await load(name)
  const seed = Number(process.env['SEED'] ?? process.pid)
  const random = new Random(seed)
  const corpus = []
  const running = watch({ name, findings, max: target.max })
  const isNew = (input) => {
    running(input)
    try {
      return coverage.isNew(() => check(target, input), false)
    } catch (error) {
      const file = `${name}-${nameOf(input)}`
      save(findings, file, input)
      process.stderr.write(`${join(findings, file)}: ${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    }
  }
  const attempt = (input) => {
    if (!isNew(input)) return false
    const kept = shorten(input, isNew)
    coverage.isNew(() => target.run(kept))
    corpus.push(kept)
    return true
  }
  for (const input of inputsOf(corpusFolder)) attempt(input)
  if (corpus.length === 0) throw new Error(`${corpusFolder} has no input to begin with`)
  const end = Date.now() + 1000 * seconds
  let runs = 0
  let told = 0
  for (; Date.now() < end; runs++) {
    // What was found last leads further more often.
    const input = random.below(2) === 0 ? random.pick(corpus) : corpus[corpus.length - 1 - random.below(Math.min(corpus.length, 32))]
    const mutated = mutate({ input, other: random.pick(corpus), words, max: target.max, random })
    const repaired = (target.repair?.(mutated, random) ?? mutated).subarray(0, target.max)
    if (attempt(repaired)) {
      const kept = corpus.at(-1)
      save(corpusFolder, nameOf(kept), kept)
    }
    if (Date.now() - told < 10_000) continue
    told = Date.now()
    process.stderr.write(`${name}: ${runs} runs, ${corpus.length} inputs, ${coverage.branches} of ${counters} branches\n`)
  }
  process.stdout.write(
    `${name}: ${runs} runs in ${seconds} s, seed ${seed}: ${corpus.length} inputs take ${coverage.branches} of ${counters} branches; nothing found\n`,
  )
}

async function keep(name, corpusFolder, kept) {
  const { target, coverage } = await load(name)
  const inputs = inputsOf(corpusFolder).sort((a, b) => a.length - b.length)
  rmSync(kept, { recursive: true, force: true })
  let [count, size] = [0, 0]
  for (const input of inputs) {
    if (!coverage.takesNewBranch(() => target.run(input))) continue
    save(kept, nameOf(input), input)
    count++
    size += input.length
  }
  process.stdout.write(`${name}: ${count} of ${inputs.length} inputs, ${size} bytes, take all of the ${coverage.branches} branches\n`)
}

const args = process.argv.slice(2)
if (args[0] === '--keep') await keep(...args.slice(1))
else await find(args[0], Number(args[1]), args[2], args[3])
