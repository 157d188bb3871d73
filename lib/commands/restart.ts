import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { isActive } from '../container/view.ts'
import { restartContainer } from '../engine/restart.ts'
import { signalNumber } from '../engine/stop-signal.ts'
import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

export const restart = command({
  name: 'restart',
  summary: 'Restart one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    all: { ...targetTable.all, short: 'a', description: 'Restart all containers, whatever their state' },
    running: { type: 'boolean', description: 'Restart all running containers' },
    latest: { ...targetTable.latest, short: 'l' },
    filter: { ...targetTable.filter, short: 'f' },
    signal: { type: 'string', short: 's', metavar: 'string', description: 'Signal to send to the container' },
    time: { type: 'number', short: 't', aliases: ['timeout'], metavar: 'int', description: 'Seconds to wait before killing the container; -1: for ever' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const { all, running, latest, filter, time: seconds } = options
    const signal = options.signal === undefined ? undefined : signalNumber(options.signal)
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'restart', { names: positionals, all: all || running, latest, filter }, (view) => !running || isActive(view))
    // One after the other: one may join the namespaces of the one before.
    return onEach(targets, (view) => restartContainer(context, view, { seconds, signal }), { atOnce: 1 })
  },
})
