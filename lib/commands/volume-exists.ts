import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { isName } from '../engine/remove-volumes.ts'
import { hasVolume } from '../storage/volumes.ts'
import { openContext } from '../system/open-context.ts'

export const volumeExists = command({
  name: 'volume exists',
  summary: 'Tell by the exit code whether a volume is here: 0 yes, 1 no',
  usage: 'VOLUME',
  options: optionTable({}),
  positionals: { min: 1, max: 1, complete: 'volume' },
  usageExitCode: 125,
  async run({ positionals }, globals) {
    const [name = ''] = positionals
    return isName(name) && (await hasVolume(await openContext(globals), name)) ? 0 : 1
  },
})
