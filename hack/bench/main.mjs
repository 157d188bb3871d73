import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { makeBox } from './box.mjs'
import { cases } from './cases.mjs'
import { interleave } from './measure.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, only: { type: 'string', default: '' } } })
const box = makeBox()
const results = []
try {
  for (const { name, note, contenders, prepare, tidy } of cases(box)) {
    if (!name.includes(values.only)) continue
    prepare?.()
    const figures = interleave(box, contenders, Number(values.rounds))
    tidy?.()
    results.push({ name, note, figures })
    print(name, note, figures)
  }
} finally {
  box.remove()
}
if (!existsSync('dist')) mkdirSync('dist')
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, kernel: release() }
writeFileSync('dist/bench.json', `${JSON.stringify({ machine, date: new Date().toISOString(), rounds: Number(values.rounds), results }, null, 2)}\n`)

function print(name, note, figures) {
  const base = figures.find(({ contender }) => contender === 'podman')?.median
  process.stdout.write(`\n${name}${note === undefined ? '' : ` (${note})`}\n`)
  for (const { contender, min, median, max, failures } of figures) {
    const ratio = base === undefined || contender === 'podman' ? '' : `${(median / base).toFixed(2)} of podman`
    const failed = failures === 0 ? '' : `  ${failures} failed`
    process.stdout.write(`  ${contender.padEnd(22)}${ms(median)}   ${ms(min)} to ${ms(max)}   ${ratio}${failed}\n`)
  }
}

function ms(value) {
  return `${value.toFixed(1).padStart(8)} ms`
}
