import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import type { ContainerView } from '../container/view.ts'
import { pauseContainer, unpauseContainer } from '../engine/pause.ts'
import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

export const pause = change({
  name: 'pause',
  summary: 'Pause all processes within one or more containers',
  all: 'Pause all running containers',
  of: 'running',
  work: pauseContainer,
})

export const unpause = change({
  name: 'unpause',
  summary: 'Unpause all processes within one or more containers',
  all: 'Unpause all paused containers',
  of: 'paused',
  work: unpauseContainer,
})

/** `of`: in which state those are that --all means. */
function change({ name, summary, all, of, work }: { name: string; summary: string; all: string; of: ContainerView['status']; work: typeof pauseContainer }) {
  return command({
    name,
    summary,
    usage: '[OPTIONS] CONTAINER [CONTAINER...]',
    options: optionTable({
      all: { ...targetTable.all, short: 'a', description: all },
      latest: { ...targetTable.latest, short: 'l' },
      filter: { ...targetTable.filter, short: 'f' },
      cidfile: targetTable.cidfile,
    }),
    positionals: { min: 0, max: Infinity, complete: 'container' },
    async run({ options, positionals }, globals) {
      const context = await openContext(globals)
      const targets = await chooseTargets(context, name, { ...options, names: positionals }, ({ status }) => status === of)
      return onEach(targets, work)
    },
  })
}
