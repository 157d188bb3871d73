import type { SecretOption } from '../plan/options.ts'
import { csvFields } from './csv.ts'
import { invalidArgument } from './usage-error.ts'

const MAX_ID = 2147483647

/** `--secret name[,type=mount|env,target=,uid=,gid=,mode=]`, podman's. */
export function parseSecret(text: string): SecretOption {
  const bad = (why: string) => invalidArgument(text, '--secret', why)
  const secret: SecretOption = { name: '', type: 'mount', target: undefined, uid: 0, gid: 0, mode: 0o444 }
  const mountOnly: string[] = []
  for (const [at, field] of csvFields(text).entries()) {
    const equals = field.indexOf('=')
    const [key, value] = equals === -1 ? (at === 0 ? ['source', field] : [field, '']) : [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)]
    const id = () => {
      if (!/^\d+$/.test(value) || Number(value) > MAX_ID) throw bad(`invalid ${key}: ${JSON.stringify(value)}`)
      return Number(value)
    }
    switch (key) {
      case 'source':
        secret.name = value
        break
      case 'type':
        if (value !== 'mount' && value !== 'env') throw bad(`type ${value} is invalid: mount or env`)
        secret.type = value
        break
      case 'target':
        secret.target = value
        break
      case 'uid':
      case 'gid':
        secret[key] = id()
        mountOnly.push(key)
        break
      case 'mode':
        if (!/^0?[0-7]{1,4}$/.test(value)) throw bad(`invalid mode: ${JSON.stringify(value)}`)
        secret.mode = Number.parseInt(value, 8)
        mountOnly.push(key)
        break
      default:
        throw bad(`unknown option ${JSON.stringify(field)}: type, target, uid, gid, mode`)
    }
  }
  if (secret.name === '') throw bad('it names no secret')
  if (secret.target === '') throw bad('target is empty')
  if (secret.type === 'env' && mountOnly.length > 0) throw bad(`${mountOnly[0]} is for type=mount`)
  if (secret.type === 'env' && /[=\0]/.test(secret.target ?? secret.name)) throw bad(`${JSON.stringify(secret.target)} can't be the name of a variable`)
  return secret
}
