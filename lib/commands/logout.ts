import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { forgetLogin, registryName } from '../image/registry/login.ts'
import { warning } from '../system/log.ts'
import { printLines } from './print.ts'

export const logout = command({
  name: 'logout',
  summary: 'Log out from a registry',
  usage: '[SERVER]',
  options: optionTable({}),
  positionals: { min: 0, max: 1, complete: 'none' },
  async run({ positionals }) {
    const registry = registryName(positionals[0] ?? '')
    const { removed, remains } = await forgetLogin(registry)
    printLines([removed ? `Removing login credentials for ${registry}` : `Not logged in to ${registry}`])
    if (remains) warning(`other files still have credentials for ${registry}; lichen --debug pull shows which`)
    return 0
  },
})
