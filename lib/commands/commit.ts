import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { commitContainer } from '../engine/commit.ts'
import { recordContainerEvent, recordTag } from '../engine/record-event.ts'
import { tagOnly } from '../image/tag.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { withExitCode } from './targets.ts'

export const commit = command({
  name: 'commit',
  summary: "Create a new image from a container's changes",
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  options: optionTable({
    author: { type: 'string', short: 'a', metavar: 'string', default: '', description: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")' },
    change: { type: 'list', short: 'c', metavar: 'list', description: 'Apply Dockerfile instruction to the created image' },
    format: { type: 'string', short: 'f', metavar: 'string', default: 'oci', description: 'Of the manifest: oci or docker' },
    message: { type: 'string', short: 'm', metavar: 'string', default: '', description: 'Commit message' },
    pause: { type: 'boolean', short: 'p', default: true, negatable: true, description: 'Pause container during commit' },
    quiet: { type: 'boolean', short: 'q', description: 'Changes nothing: only the id is printed anyway' },
    squash: { type: 'boolean', short: 's', description: 'Make one layer of all files' },
  }),
  positionals: { min: 1, max: 2, complete: 'container' },
  async run({ options, positionals, given }, globals) {
    const { author, message, change, format, pause, squash } = options
    if (format !== 'oci' && format !== 'docker') throw usageError(`unknown format ${JSON.stringify(format)}`, 'oci or docker', 1)
    const context = await openContext(globals)
    try {
      const references = positionals[1] === undefined ? [] : [tagOnly(positionals[1])]
      const view = await findContainer(context, positionals[0]!)
      const id = await commitContainer(context, view, { author, message, changes: change, pause, asked: given.has('pause'), format, squash, references })
      await recordContainerEvent(view, 'commit', { comment: message, imageID: id, imageRef: positionals[1] ?? '' })
      if (references[0] !== undefined) await recordTag(context.paths, id, references[0])
      printLines([id])
    } catch (error) {
      await collectGarbage(context).catch(() => undefined)
      throw withExitCode(error, 1)
    }
    return 0
  },
})
