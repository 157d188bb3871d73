import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { publishedLines } from '../cli/published-ports.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { listContainers } from '../container/list.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { latestContainer } from './targets.ts'

export const port = command({
  name: 'port',
  summary: 'List port mappings or a specific mapping for the container',
  usage: '[OPTIONS] CONTAINER [PRIVATE_PORT[/PROTO]]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Of all containers' },
    latest: { type: 'boolean', short: 'l', description: 'Of the container created last' },
  }),
  positionals: { min: 0, max: 2, complete: 'container' },
  async run({ options, positionals }, globals) {
    const named = options.all || options.latest ? 0 : 1
    if (positionals.length < named || positionals.length > named + 1 || (options.all && options.latest))
      throw usageError('"lichen port" takes a container, --all or --latest, one of them.', "See 'lichen port --help'.", 1)
    const wanted = positionals[named]
    const context = await openContext(globals)
    if (options.all) {
      // As podman: a heading for each that has any.
      const views = await listContainers(context)
      printLines(views.flatMap((view) => publishedOf(view).map((line) => `${view.record.id.slice(0, 12)}\t${line}`)))
      return 0
    }
    const view = options.latest ? await latestContainer(context) : await findContainer(context, positionals[0]!)
    printLines(publishedOf(view, wanted, positionals[0] ?? view.record.name))
    return 0
  },
})

function publishedOf(view: ContainerView, wanted?: string, name = ''): string[] {
  // Nothing is bound while it does not run.
  return publishedLines(isRunning(view) ? view.record.ports : [], wanted, name)
}
