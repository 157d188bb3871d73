import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { recordEvent } from '../engine/record-event.ts'
import { notFound, requireMatch } from '../image/find.ts'
import { type FilePlace, findPlace } from '../image/place.ts'
import { pushImage } from '../image/push.ts'
import { familiarReference, formatReference, fullName, parseReference, type Reference } from '../image/reference.ts'
import { listReferences } from '../image/references.ts'
import { saveArchive } from '../image/save-archive.ts'
import { readStoredImage, whileArriving } from '../image/store.ts'
import { storeInDir, storeInLayout } from '../image/store-place.ts'
import { tagOnly } from '../image/tag.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream } from '../system/output.ts'
import { printLines } from './print.ts'
import { pushProgress } from './push-progress.ts'
import { writeTo } from './write-to.ts'

const options = optionTable({
  'all-tags': { type: 'boolean', short: 'a', description: 'Push all tags of an image to the repository' },
  quiet: { type: 'boolean', short: 'q', description: 'Print the name at the end and nothing else' },
  'disable-content-trust': { type: 'boolean', default: true, hidden: true, description: 'Nothing is signed' },
})

export const push = command({
  name: 'push',
  summary: 'Upload an image to a registry',
  usage: '[OPTIONS] NAME[:TAG] [NAME | oci:DIR[:TAG] | oci-archive:FILE | docker-archive:FILE | dir:DIR]',
  options,
  positionals: { min: 1, max: 2, complete: 'image' },
  async run({ options, positionals }, globals) {
    const [source, target] = positionals as [string, string?]
    if (target !== undefined) return pushElsewhere(await openContext(globals), source, target, options)
    const name = source.replace(/^docker:\/\//, '')
    const reference = parseReference(name)
    if (reference.digest !== undefined) throw usageError('cannot push a digest reference', 'push a tag: NAME:TAG', 1)
    const context = await openContext(globals)
    const tagged = /:[^/]*$/.test(name)
    if (options['all-tags'] && tagged) throw usageError("tag can't be used with --all-tags/-a", 'leave the tag out', 1)
    if (!tagged && !options['all-tags'] && !options.quiet) printLines(['Using default tag: latest'])
    const all = options['all-tags'] ? await allTags(context, reference) : [reference]
    for (const [at, one] of all.entries()) await pushOne({ context, reference: one }, options.quiet, at === 0)
    if (options.quiet) printLines([options['all-tags'] ? fullName(reference) : formatReference(reference)])
    return 0
  },
})

/** An image under another name than its own, or into a layout, an archive, a folder. */
async function pushElsewhere(
  context: Context,
  source: string,
  target: string,
  { quiet, 'all-tags': all }: { quiet: boolean; 'all-tags': boolean },
): Promise<number> {
  if (all) throw usageError('--all-tags pushes to the names that the images have', 'leave the second name out', 1)
  const place = await findPlace(target)
  if (place.kind === 'registry') {
    const reference = parseReference(place.name)
    if (reference.digest !== undefined) throw usageError('cannot push a digest reference', 'push a tag: NAME:TAG', 1)
    await pushOne({ context, reference, image: (await requireMatch(context, source)).id }, quiet)
    if (quiet) printLines([formatReference(reference)])
    return 0
  }
  const { digest } = await whileArriving(context, () => store(context, source, place))
  printLines([quiet ? target : `${target}: digest: ${digest}`])
  return 0
}

async function store(context: Context, source: string, place: FilePlace): Promise<{ digest: string }> {
  const match = await requireMatch(context, source)
  const image = await readStoredImage(context, match.id)
  if (image === undefined) throw notFound(source)
  const own = match.reference === undefined ? undefined : parseReference(match.reference.reference)
  const { path } = place
  if (place.kind === 'oci') await storeInLayout({ context, image, path }, place.name ?? own?.tag ?? 'latest')
  else if (place.kind === 'dir') await storeInDir({ context, image, path })
  else {
    const name = place.name ?? (own?.tag === undefined ? undefined : formatReference({ ...own, digest: undefined }))
    await writeTo(path, saveArchive(context, [{ image, references: name === undefined ? [] : [tagOnly(name)] }], place.kind))
  }
  return image.manifest
}

async function pushOne(request: { context: Context; reference: Reference; image?: string }, quiet: boolean, first = true): Promise<void> {
  const progress = quiet ? undefined : pushProgress(outputStream(1), first)
  try {
    const { digest, size } = await pushImage({ ...request, ...(progress === undefined ? {} : { onEvent: progress.event }) })
    progress?.finish()
    const name = familiarReference(request.reference)
    await recordEvent(request.context.paths, 'image', 'push', name, { name: name.replace(/[:@][^/]*$/, '') })
    if (!quiet) printLines([`${request.reference.tag}: digest: ${digest} size: ${size}`])
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
