import { command } from '../cli/command.ts'
import { humanSize } from '../cli/humanise.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { type CopyEnd, copyBetween, copyOutAsTar, copyTarInto } from '../engine/copy.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { visible } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { writeErr } from '../system/output.ts'
import { withExitCode } from './targets.ts'
import { writeArchive } from './write-to.ts'

export const cp = command({
  name: 'cp',
  summary: 'Copy files or folders between a container and the host, or between containers',
  usage: `[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-
[OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH
[OPTIONS] CONTAINER:SRC_PATH CONTAINER:DEST_PATH`,
  details: "'-' as the source is a tar archive on standard input, unpacked in a folder of the container; '-' as the destination writes one to standard output.",
  options: optionTable({
    archive: { type: 'boolean', short: 'a', description: 'Archive mode (copy all uid/gid information)' },
    'follow-link': { type: 'boolean', short: 'L', description: 'Always follow symbol link in SRC_PATH' },
    quiet: { type: 'boolean', short: 'q', description: 'Suppress the line at the end, which only a terminal gets' },
    overwrite: { type: 'boolean', hidden: true, description: 'Nothing: what is in the way is overwritten, but no directory by a file' },
  }),
  positionals: { min: 2, max: 2, complete: 'container' },
  async run({ options, positionals, given }, globals) {
    const [from, to] = positionals.map(splitPath) as [Named, Named]
    if (positionals[0] === '') throw usageError('source can not be empty', undefined, 1)
    if (positionals[1] === '') throw usageError('destination can not be empty', undefined, 1)
    if (from.container === undefined && to.container === undefined) throw usageError('must specify at least one container source', 'CONTAINER:PATH', 1)
    if ([from, to].some(({ container, path }) => container !== undefined && path === '')) throw usageError('bad parameter: path cannot be empty', undefined, 1)
    const context = await openContext(globals)
    try {
      const [source, target] = [await endOf(context, from), await endOf(context, to)]
      const copy = { archive: options.archive, followLink: options['follow-link'] }
      if (target.container === undefined && to.path === '-') {
        await copyOutAsTar(context, source.container!, from.path, copy.followLink, (tar) => writeArchive(undefined, tar))
        await recordContainerEvent(source.container!, 'archive-path')
        return 0
      }
      const bytes =
        from.container === undefined && from.path === '-'
          ? await copyTarInto(context, target.container!, to.path, process.stdin)
          : await copyBetween(context, source, target, copy)
      if (source.container !== undefined) await recordContainerEvent(source.container, 'archive-path')
      if (target.container !== undefined) await recordContainerEvent(target.container, 'extract-to-dir')
      const quiet = given.has('quiet') ? options.quiet : !addon.isTerminal({ fd: 1 })
      if (!quiet) writeErr(`Successfully copied ${humanSize(bytes)} to ${visible(positionals[1]!)}\n`)
    } catch (error) {
      throw withExitCode(error, 1)
    }
    return 0
  },
})

interface Named {
  container: string | undefined
  path: string
}

/** Docker's rule: what begins with a slash or a dot is a path of the host, colons and all. */
function splitPath(word: string): Named {
  const colon = word.indexOf(':')
  if (word.startsWith('/') || word.startsWith('.') || colon < 1) return { container: undefined, path: word }
  return { container: word.slice(0, colon), path: word.slice(colon + 1) }
}

const endOf = async (context: Context, { container, path }: Named): Promise<CopyEnd> => ({
  container: container === undefined ? undefined : await findContainer(context, container),
  path,
})
