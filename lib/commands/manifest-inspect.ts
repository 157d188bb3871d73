import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { readBlob } from '../image/blobs.ts'
import { findImage } from '../image/find.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

export const manifestInspect = command({
  name: 'manifest inspect',
  summary: 'Show the manifest of an image that is here',
  usage: 'IMAGE',
  options: optionTable({
    raw: { type: 'boolean', description: 'Byte for byte, as it came' },
  }),
  positionals: { min: 1, max: 1, complete: 'image' },
  async run({ options, positionals }, globals) {
    const context = await openContext(globals)
    const { manifestDigest } = await findImage(context, positionals[0]!)
    const bytes = await readBlob(context, manifestDigest)
    if (options.raw) process.stdout.write(bytes)
    else printLines([JSON.stringify(JSON.parse(bytes.toString('utf8')), null, 4)])
    return 0
  },
})
