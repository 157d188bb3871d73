import { command } from '../cli/command.ts'
import { limitTable } from '../cli/limit-table.ts'
import { mergeLimits, readLimits } from '../cli/limits.ts'
import { optionTable } from '../cli/options.ts'
import { refuseFlags, withRefused } from '../cli/refused-flags.ts'
import { parseRestart } from '../cli/restart-option.ts'
import { usageError } from '../cli/usage-error.ts'
import { checkAgainstHost } from '../engine/host-limits.ts'
import { updateContainer } from '../engine/update.ts'
import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

export const update = command({
  name: 'update',
  summary: 'Update configuration of one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: withRefused(
    optionTable({
      latest: { ...targetTable.latest, short: 'l' },
      ...limitTable,
      restart: { type: 'string', metavar: 'string', description: 'Restart policy to apply when a container exits' },
    }),
    ['blkio-weight-device', 'cpu-rt-period', 'cpu-rt-runtime', 'kernel-memory'],
  ),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals, given }, globals) {
    const several = positionals.length > 0 || options.latest
    if (several && ![...given].some((flag) => flag !== 'latest')) throw usageError('you must provide one or more flags when using this command', undefined, 1)
    refuseFlags(options, given)
    const wanted = readLimits(options)
    const policy = options.restart === undefined ? undefined : { restart: parseRestart(options.restart) }
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'update', { latest: options.latest, names: positionals })
    return onEach(targets, (view) =>
      updateContainer(view, ({ options: before }) => {
        if (policy?.restart !== undefined && before.remove) throw usageError('Restart policy cannot be updated because AutoRemove is enabled for the container')
        checkAgainstHost(wanted)
        return { ...before, ...policy, limits: mergeLimits(before.limits, wanted) }
      }),
    )
  },
})
