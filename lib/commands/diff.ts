import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { listChanges } from '../engine/container-changes.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { oneTarget, withExitCode } from './targets.ts'

const letters = { added: 'A', changed: 'C', deleted: 'D' } as const

export const diff = command({
  name: 'diff',
  summary: "Inspect changes to files or directories on a container's file system",
  usage: '[OPTIONS] CONTAINER',
  options: optionTable({
    format: { type: 'string', metavar: 'string', default: '', description: 'json, or nothing' },
    latest: { type: 'boolean', short: 'l', description: 'Of the container created last' },
  }),
  positionals: { min: 0, max: 1, exactly: 1, complete: 'container' },
  async run({ options, positionals }, globals) {
    if (options.format !== '' && options.format !== 'json') throw usageError(`unknown format ${JSON.stringify(options.format)}`, 'json, or nothing')
    const context = await openContext(globals)
    const view = await oneTarget(context, 'diff', positionals[0], options.latest)
    const changes = await listChanges(context, view).catch((error: unknown) => {
      throw withExitCode(error, 1)
    })
    // podman's shape
    const lists = () =>
      Object.fromEntries((['changed', 'added', 'deleted'] as const).map((kind) => [kind, changes.filter((one) => one.kind === kind).map(({ path }) => path)]))
    printLines(options.format === 'json' ? [JSON.stringify(lists(), null, 5)] : changes.map(({ kind, path }) => `${letters[kind]} ${path}`))
    return 0
  },
})
