import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { makeBox } from './box.mjs'
import { buildCases } from './build-cases.mjs'
import { cases } from './cases.mjs'
import { imageCases } from './image-cases.mjs'
import { lifeCases } from './life-cases.mjs'
import { interleave } from './measure.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, only: { type: 'string', default: '' } } })
const box = makeBox()
const all = [...cases(box), ...lifeCases(box), ...imageCases(box), ...buildCases(box)].filter(({ name }) => name.includes(values.only))
const results = []
try {
  for (const { name, contenders, prepare, tidy, base = 'podman', measure = interleave, rounds = Infinity } of all) {
    const note = await prepare?.()
    const list = typeof contenders === 'function' ? contenders() : contenders
    const figures = await measure(box, list, Math.min(rounds, Number(values.rounds)))
    tidy?.()
    results.push({ name, note, figures })
    print({ name, note, figures, base })
  }
} finally {
  for (const { end } of all) end?.()
  box.remove()
}
if (!existsSync('dist')) mkdirSync('dist')
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, kernel: release() }
writeFileSync('dist/bench.json', `${JSON.stringify({ machine, date: new Date().toISOString(), rounds: Number(values.rounds), results }, null, 2)}\n`)

function print({ name, note, figures, base }) {
  const standard = figures.find(({ contender }) => contender === base)?.median
  process.stdout.write(`\n${name}${note === undefined ? '' : ` (${note})`}\n`)
  for (const { contender, min, median, max, failures, unit = 'ms' } of figures) {
    const ratio = standard === undefined || contender === base ? '' : `${(median / standard).toFixed(2)} of ${base}`
    const failed = failures === 0 ? '' : `  ${failures} failed`
    process.stdout.write(`  ${contender.padEnd(22)}${figure(median)} ${unit}   ${figure(min)} to ${figure(max)}   ${ratio}${failed}\n`)
  }
}

function figure(value) {
  return value.toFixed(1).padStart(8)
}
