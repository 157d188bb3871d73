import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { storeFaults } from '../engine/check-store.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

/** Repairing one thing may lay open another: an image that goes leaves blobs. */
const ROUNDS = 3

export const systemCheck = command({
  name: 'system check',
  summary: 'Look for damage in the store, and repair it',
  usage: '[OPTIONS]',
  options: optionTable({
    quick: { type: 'boolean', short: 'q', description: "Don't read every blob to compare its digest" },
    repair: { type: 'boolean', short: 'r', description: 'Repair what is found; images and containers that are damaged are removed' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const context = await openContext(globals)
    let faults = await storeFaults(context, { thorough: !options.quick })
    for (let round = 0; options.repair && faults.length > 0 && round < ROUNDS; round++) {
      for (const { what, remedy, repair } of faults) {
        printLines([`${what}: ${remedy}`])
        await repair()
      }
      faults = await storeFaults(context, { thorough: false })
    }
    printLines(faults.map(({ what }) => what))
    if (faults.length > 0)
      printLines([
        `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} found${options.repair ? ' that could not be repaired' : '; lichen system check --repair repairs them'}`,
      ])
    return faults.length === 0 ? 0 : 1
  },
})
