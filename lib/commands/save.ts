import { command, type Globals } from '../cli/command.ts'
import { optionTable, type ParsedArgs } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'

import { recordEvent } from '../engine/record-event.ts'
import { familiarReference, fullName, parseReference } from '../image/reference.ts'
import { type ArchiveFormat, imagesToSave, type Saving, saveArchive } from '../image/save-archive.ts'

import { whileArriving } from '../image/store.ts'
import { storeInDir, storeInLayout } from '../image/store-place.ts'
import type { Context } from '../system/context.ts'
import { openContext } from '../system/open-context.ts'
import { onFile } from './file-failure.ts'
import { archiveTarget, outputFile, writeArchive } from './write-to.ts'

const archives: readonly string[] = ['docker-archive', 'oci-archive'] satisfies ArchiveFormat[]
const folders: readonly string[] = ['oci-dir', 'docker-dir']
const formats = [...archives, ...folders]

const table = optionTable({
  output: { type: 'string', short: 'o', metavar: 'string', description: 'Write to a file, instead of standard output' },
  format: { type: 'string', metavar: 'string', default: 'docker-archive', description: formats.join(', ') },
  'multi-image-archive': { type: 'boolean', short: 'm', description: 'Changes nothing: an archive may hold several images anyway' },
  quiet: { type: 'boolean', short: 'q', description: 'Changes nothing: nothing is said anyway' },
})

export const save = command({
  name: 'save',
  summary: 'Save one or more images to a tar archive (streamed to standard output by default)',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  options: table,
  positionals: { min: 1, max: Infinity, complete: 'image' },
  run: (args, globals) => onFile(() => saveImages(args, globals)),
})

async function saveImages({ options, positionals }: ParsedArgs<typeof table>, globals: Globals): Promise<number> {
  if (!formats.includes(options.format)) throw usageError(`unknown format ${JSON.stringify(options.format)}`, formats.join(', '))
  const toFolder = folders.includes(options.format)
  if (toFolder && outputFile(options.output) === undefined) throw usageError(`--format ${options.format} needs --output: the folder`, undefined, 1)
  const output = archiveTarget(options.output)
  const context = await openContext(globals)
  // No image that is being saved is collected meanwhile.
  const ids: string[] = []
  await whileArriving(context, async () => {
    const savings = await imagesToSave(context, positionals)
    ids.push(...savings.map(({ image }) => image.id))
    if (toFolder) return saveInFolder(context, savings, options.format, output!)
    await writeArchive(output, saveArchive(context, savings, options.format as ArchiveFormat))
  })
  for (const id of ids) await recordEvent(context.paths, 'image', 'save', id, { name: id })
  return 0
}

/** podman's oci-dir is an OCI layout, its docker-dir what skopeo calls `dir:`, which holds one image. */
async function saveInFolder(context: Context, savings: readonly Saving[], format: string, path: string): Promise<void> {
  if (format === 'docker-dir' && savings.length > 1) throw usageError('--format docker-dir holds one image', 'oci-dir holds several', 1)
  const repositories = new Set(savings.flatMap(({ references }) => references.map((reference) => fullName(parseReference(reference)))))
  for (const { image, references, several } of savings) {
    if (format === 'docker-dir') await storeInDir({ context, image, path })
    else
      for (const name of references.length === 0 ? [image.id.slice(7, 19)] : namesInLayout(references, repositories.size > 1))
        await storeInLayout({ context, image, path, several }, name)
  }
}

/** A tag, as umoci and skopeo have it; where there are several repositories, the whole name. */
function namesInLayout(references: readonly string[], several: boolean): string[] {
  return references.map(parseReference).map((reference) => (several ? familiarReference(reference) : reference.tag!))
}
