import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { matchImage } from '../image/find.ts'
import { readStoredImage } from '../image/store.ts'
import { openContext } from '../system/open-context.ts'

export const imageExists = command({
  name: 'image exists',
  summary: 'Tell by the exit code whether an image is here: 0 yes, 1 no',
  usage: 'IMAGE',
  options: optionTable({}),
  positionals: { min: 1, max: 1, complete: 'image' },
  usageExitCode: 125,
  async run({ positionals }, globals) {
    const context = await openContext(globals)
    const match = await matchImage(context, positionals[0]!)
    return match !== undefined && (await readStoredImage(context, match.id)) !== undefined ? 0 : 1
  },
})
