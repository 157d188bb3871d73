import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { findSecret } from '../storage/secrets.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'

export const secretExists = command({
  name: 'secret exists',
  summary: 'Tell by the exit code whether a secret is here: 0 yes, 1 no',
  usage: 'SECRET',
  options: optionTable({}),
  positionals: { min: 1, max: 1, complete: 'secret' },
  usageExitCode: 125,
  async run({ positionals }, globals) {
    const context = await openContext(globals)
    return findSecret(context, positionals[0]!).then(
      () => 0,
      (error: unknown) => {
        if (error instanceof LichenError && error.code === 'SECRET_NOT_FOUND') return 1
        throw error
      },
    )
  },
})
