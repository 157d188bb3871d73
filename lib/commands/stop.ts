import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { isActive } from '../container/view.ts'
import { removeAfterExit } from '../engine/remove.ts'
import { stopContainer, stopSeconds, stopSignal } from '../engine/stop.ts'
import { signalNumber } from '../engine/stop-signal.ts'
import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

export const stop = command({
  name: 'stop',
  summary: 'Stop one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    ...targetTable,
    all: { ...targetTable.all, short: 'a', description: 'Stop all running containers' },
    latest: { ...targetTable.latest, short: 'l' },
    ignore: { ...targetTable.ignore, short: 'i' },
    signal: { type: 'string', short: 's', metavar: 'string', description: 'Signal to send to the container' },
    time: { type: 'number', short: 't', aliases: ['timeout'], metavar: 'int', description: 'Seconds to wait before killing the container; -1: for ever' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const signal = options.signal === undefined ? undefined : signalNumber(options.signal)
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'stop', { ...options, names: positionals }, isActive)
    return onEach(
      targets,
      async (view) => {
        await stopContainer(view, options.time ?? stopSeconds(view), signal ?? stopSignal(view))
        if (view.record.options.remove && isActive(view)) await removeAfterExit(context, view)
      },
      { atOnce: Infinity, missing: options.ignore ? () => '' : undefined },
    )
  },
})
