import { command, type Globals } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { recordEvent } from '../engine/record-event.ts'
import { untagImage } from '../image/tag.ts'
import { openContext } from '../system/open-context.ts'
import { onFile } from './file-failure.ts'

export const untag = command({
  name: 'untag',
  summary: 'Take names away from an image, which stays',
  usage: 'IMAGE [NAME...]',
  options: optionTable({}),
  positionals: { min: 1, max: Infinity, complete: 'image' },
  run: ({ positionals }, globals) => onFile(() => untagAll(positionals, globals)),
})

async function untagAll(positionals: readonly string[], globals: Globals): Promise<number> {
  const [image = '', ...names] = positionals
  const context = await openContext(globals)
  for (const name of await untagImage(context, image, names)) await recordEvent(context.paths, 'image', 'untag', name, { name })
  return 0
}
