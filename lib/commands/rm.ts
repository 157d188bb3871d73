import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import type { ContainerView } from '../container/view.ts'
import { finishRemovals, removeContainer } from '../engine/remove.ts'
import { stopContainer } from '../engine/stop.ts'
import type { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { printFailures } from './print-failures.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

export const rm = command({
  name: 'rm',
  summary: 'Remove one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    ...targetTable,
    all: { ...targetTable.all, short: 'a', description: 'Remove all containers; with --force the running ones too' },
    ignore: { ...targetTable.ignore, short: 'i' },
    force: { type: 'boolean', short: 'f', description: 'Force the removal of a running container (uses SIGKILL)' },
    time: {
      type: 'number',
      short: 't',
      aliases: ['timeout'],
      metavar: 'int',
      description: 'Stop a running container, and kill it after so many seconds; -1: never. With it comes --force',
    },
    link: { type: 'boolean', short: 'l', description: 'Nothing: there are no links' },
    volumes: { type: 'boolean', short: 'v', description: 'Remove anonymous volumes associated with the container' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const { time, volumes, ignore } = options
    const force = options.force || time !== undefined
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'rm', { ...options, names: positionals })
    const remove = async (view: ContainerView) => {
      if (time !== undefined) await stopContainer(view, time)
      await removeContainer(context, view, { force, volumes })
    }
    try {
      return await onEach(targets, remove, { missing: ignore ? () => '' : force ? said : undefined })
    } finally {
      await finishRemovals(context)
    }
  },
})

/** As Docker: with --force a missing container is said, and no failure. */
function said(error: LichenError): string {
  printFailures([error], { harmless: true })
  return ''
}
