import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { tagImage } from '../image/tag.ts'
import { openContext } from '../system/open-context.ts'

export const tag = command({
  name: 'tag',
  summary: 'Give an image another name',
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG] [TARGET_IMAGE[:TAG]...]',
  options: optionTable({}),
  positionals: { min: 2, max: Infinity, exactly: 2, complete: 'image' },
  async run({ positionals }, globals) {
    const [source = '', ...targets] = positionals
    await tagImage(await openContext(globals), source, targets)
    return 0
  },
})
