import { command, type Globals } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { recordTag } from '../engine/record-event.ts'
import { tagImage } from '../image/tag.ts'
import { openContext } from '../system/open-context.ts'
import { onFile } from './file-failure.ts'

export const tag = command({
  name: 'tag',
  summary: 'Give an image another name',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG] [TARGET_IMAGE[:TAG]...]',
  options: optionTable({}),
  positionals: { min: 2, max: Infinity, exactly: 2, complete: 'image' },
  run: ({ positionals }, globals) => onFile(() => tagAs(positionals, globals)),
})

async function tagAs(positionals: readonly string[], globals: Globals): Promise<number> {
  const [source = '', ...targets] = positionals
  const context = await openContext(globals)
  const id = await tagImage(context, source, targets)
  for (const name of targets) await recordTag(context.paths, id, name)
  return 0
}
