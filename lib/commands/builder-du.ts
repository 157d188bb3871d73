import { command } from '../cli/command.ts'
import { humanDuration, humanSize } from '../cli/humanise.ts'
import { optionTable } from '../cli/options.ts'
import { alignColumns } from '../cli/table.ts'
import { listBuildCache } from '../engine/build-cache.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const builderDu = command({
  name: 'builder du',
  summary: 'Show what builds have left to be used again',
  usage: '[OPTIONS]',
  options: optionTable({ verbose: { type: 'boolean', description: 'Show what each step was' } }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const context = await openContext(globals)
    const entries = await listBuildCache(context)
    const rows = entries.map(({ id, size, created, text }) => {
      const age = `${humanDuration(Date.now() - Date.parse(created))} ago`
      return [id.slice(0, 12), humanSize(size), age, ...(options.verbose ? [text] : [])].join('\t')
    })
    const head = ['ID', 'SIZE', 'CREATED', ...(options.verbose ? ['STEP'] : [])].join('\t')
    printLines([...alignColumns([head, ...rows]), `Total:\t${humanSize(entries.reduce((sum, { size }) => sum + size, 0))}`])
    return 0
  },
})
