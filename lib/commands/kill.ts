import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { isActive } from '../container/view.ts'
import { killWith } from '../engine/stop.ts'
import { signalNumber } from '../engine/stop-signal.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, type Target, targetTable } from './targets.ts'

export const kill = command({
  name: 'kill',
  summary: 'Kill one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    all: { ...targetTable.all, short: 'a', description: 'Kill all running containers' },
    latest: { ...targetTable.latest, short: 'l' },
    filter: { ...targetTable.filter, short: 'f' },
    cidfile: targetTable.cidfile,
    signal: { type: 'string', short: 's', default: 'KILL', metavar: 'string', description: 'Signal to send to the container' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const signal = options.signal === '' ? 'KILL' : options.signal
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'kill', { ...options, names: positionals }, isActive)
    return onEach(
      targets.map((target) => inDockersWords(target, signal)),
      (view) => killWith(view, signalNumber(signal)),
    )
  },
})

/** A signal that there is not is told of each container, too. */
const inDockersWords = ({ name, find }: Target, signal: string): Target => ({
  name,
  find: async () => {
    try {
      signalNumber(signal)
      return await find()
    } catch (error) {
      if (!(error instanceof LichenError)) throw error
      throw new LichenError(`cannot kill container: ${name}: ${error.message}`, { code: error.code, exitCode: error.exitCode, cause: error })
    }
  },
})
