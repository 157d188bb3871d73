import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { pauseContainer, unpauseContainer } from '../engine/pause.ts'
import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

export const pause = command({
  name: 'pause',
  summary: 'Pause all processes within one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    all: { ...targetTable.all, short: 'a', description: 'Pause all running containers' },
    latest: { ...targetTable.latest, short: 'l' },
    filter: { ...targetTable.filter, short: 'f' },
    cidfile: targetTable.cidfile,
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'pause', { ...options, names: positionals }, ({ status }) => status === 'running')
    return onEach(targets, pauseContainer)
  },
})

export const unpause = command({
  name: 'unpause',
  summary: 'Unpause all processes within one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    all: { ...targetTable.all, short: 'a', description: 'Unpause all paused containers' },
    latest: { ...targetTable.latest, short: 'l' },
    filter: { ...targetTable.filter, short: 'f' },
    cidfile: targetTable.cidfile,
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'unpause', { ...options, names: positionals }, ({ status }) => status === 'paused')
    return onEach(targets, unpauseContainer)
  },
})
