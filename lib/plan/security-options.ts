import { LichenError } from '../system/errors.ts'

export interface SecurityOptions {
  noNewPrivileges: boolean
  /** "" or "builtin": the default one; "unconfined"; else the JSON text of a profile. */
  seccomp: string
  /** mask= and unmask=, one text each. */
  mask: string[]
  unmask: string[]
  /** systempaths=unconfined */
  unconfinedPaths: boolean
  warnings: string[]
}

/** `--security-opt`: Docker's, and podman's mask= and unmask=. Throws BAD_SECURITY_OPT in Docker's words, UNSUPPORTED_SECURITY_OPT. */
export function parseSecurityOptions(list: string[]): SecurityOptions {
  const found: SecurityOptions = { noNewPrivileges: false, seccomp: '', mask: [], unmask: [], unconfinedPaths: false, warnings: [] }
  for (const option of list) {
    const [key, value] = split(option)
    switch (key) {
      case 'no-new-privileges':
        found.noNewPrivileges = boolean(value ?? 'true', option)
        break
      case 'seccomp':
        found.seccomp = required(value, option)
        break
      case 'apparmor':
        if (required(value, option) !== 'unconfined') throw noProfile('AppArmor', option, 'apparmor=unconfined')
        break
      case 'label':
        if (required(value, option) !== 'disable') found.warnings.push(`--security-opt ${option} changes nothing: lichen sets no SELinux labels`)
        break
      case 'mask':
        found.mask.push(absolute(required(value, option), option))
        break
      case 'unmask':
        found.unmask.push(required(value, option))
        break
      case 'systempaths':
        if (value !== 'unconfined') throw invalid(option)
        found.unconfinedPaths = true
        break
      default:
        throw invalid(option)
    }
  }
  return found
}

/** key=value; key:value is Docker's old way of writing it. */
function split(option: string): [key: string, value: string | undefined] {
  const at = option.includes('=') ? option.indexOf('=') : option.indexOf(':')
  return at === -1 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)]
}

function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw invalid(option)
  return value
}

function boolean(value: string, option: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true
  if (/^(0|f|false)$/i.test(value)) return false
  throw invalid(option)
}

function absolute(value: string, option: string): string {
  if (value.split(':').some((path) => !path.startsWith('/'))) throw invalid(option)
  return value
}

const invalid = (option: string) =>
  new LichenError(/[=:]/.test(option) ? `invalid --security-opt 2: ${JSON.stringify(option)}` : `Invalid --security-opt: ${JSON.stringify(option)}`, {
    code: 'BAD_SECURITY_OPT',
    hint: 'no-new-privileges[=true|false], seccomp=FILE|unconfined, apparmor=unconfined, label=disable, mask=PATHS, unmask=ALL|PATHS, systempaths=unconfined',
  })

const noProfile = (what: string, option: string, instead: string) =>
  new LichenError(`--security-opt ${option}: lichen puts no container under a profile of ${what}`, {
    code: 'UNSUPPORTED_SECURITY_OPT',
    hint: `leave it out, or say ${instead}`,
  })
