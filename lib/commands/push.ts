import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { pushImage } from '../image/push.ts'
import { familiarReference, formatReference, fullName, parseReference, type Reference } from '../image/reference.ts'
import { listReferences } from '../image/references.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { pushProgress } from './push-progress.ts'

const options = optionTable({
  'all-tags': { type: 'boolean', short: 'a', description: 'Push all tags of an image to the repository' },
  quiet: { type: 'boolean', short: 'q', description: 'Print the name at the end and nothing else' },
  'disable-content-trust': { type: 'boolean', default: true, hidden: true, description: 'Nothing is signed' },
})

export const push = command({
  name: 'push',
  summary: 'Upload an image to a registry',
  usage: '[OPTIONS] NAME[:TAG]',
  options,
  positionals: { min: 1, max: 1, complete: 'image' },
  async run({ options, positionals }, globals) {
    const name = positionals[0]!.replace(/^docker:\/\//, '')
    const reference = parseReference(name)
    if (reference.digest !== undefined) throw usageError('cannot push a digest reference', 'push a tag: NAME:TAG', 1)
    const context = await openContext(globals)
    const tagged = /:[^/]*$/.test(name)
    if (options['all-tags'] && tagged) throw usageError("tag can't be used with --all-tags/-a", 'leave the tag out', 1)
    if (!tagged && !options['all-tags'] && !options.quiet) printLines(['Using default tag: latest'])
    for (const one of options['all-tags'] ? await allTags(context, reference) : [reference]) await pushOne(context, one, options.quiet)
    if (options.quiet) printLines([options['all-tags'] ? fullName(reference) : formatReference(reference)])
    return 0
  },
})

async function pushOne(context: Context, reference: Reference, quiet: boolean): Promise<void> {
  const progress = quiet ? undefined : pushProgress(process.stdout)
  try {
    const { digest, size } = await pushImage({ context, reference, ...(progress === undefined ? {} : { onEvent: progress.event }) })
    progress?.finish()
    if (!quiet) printLines([`${reference.tag}: digest: ${digest} size: ${size}`])
  } finally {
    progress?.finish()
  }
}

async function allTags(context: Context, reference: Reference): Promise<Reference[]> {
  const all = (await listReferences(context)).map((stored) => parseReference(stored.reference))
  const own = all.filter((other) => fullName(other) === fullName(reference) && other.digest === undefined)
  if (own.length > 0) return own
  throw new LichenError(`An image does not exist locally with the tag: ${familiarReference(reference).replace(/:latest$/, '')}`, {
    code: 'IMAGE_NOT_FOUND',
    hint: 'lichen images shows what is here',
  })
}
