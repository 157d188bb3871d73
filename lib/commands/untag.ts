import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { untagImage } from '../image/tag.ts'
import { openContext } from '../system/open-context.ts'

export const untag = command({
  name: 'untag',
  summary: 'Take names away from an image, which stays',
  usage: 'IMAGE [NAME...]',
  options: optionTable({}),
  positionals: { min: 1, max: Infinity, complete: 'image' },
  async run({ positionals }, globals) {
    const [image = '', ...names] = positionals
    await untagImage(await openContext(globals), image, names)
    return 0
  },
})
