import type { Config } from './context.ts'
import { LichenError } from './errors.ts'
import { readJson } from './files.ts'

/**
 * The user's configuration over that of the machine, key by key. Keys that lichen does not know are left alone, so
 * that a daemon.json can be copied. Throws BROKEN_JSON, BAD_CONFIG.
 */
export async function loadConfig(userFile: string): Promise<Config> {
  const [machine, user] = await Promise.all(['/etc/lichen/config.json', userFile].map(load))
  return { ...machine, ...user }
}

async function load(path: string): Promise<Config> {
  const content: unknown = await readJson(path)
  if (content === undefined) return {}
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new LichenError(`${path} must hold a JSON object`, { code: 'BAD_CONFIG', hint: 'for example {"storage-driver": "overlay"}' })
  }
  checkTypes(path, content as Record<string, unknown>)
  return content as Config
}

const strings = ['data-root', 'storage-driver', 'log-driver', 'default-shm-size', 'default-runtime']
const lists = ['storage-opts', 'insecure-registries', 'registry-mirrors', 'dns', 'dns-search', 'dns-opts']
const objects = ['log-opts', 'default-ulimits']
const booleans = ['init', 'debug', 'squash-ids']

function checkTypes(path: string, content: Record<string, unknown>): void {
  const check = (keys: string[], wanted: string, fits: (value: unknown) => boolean) => {
    for (const key of keys) {
      if (content[key] !== undefined && !fits(content[key])) {
        throw new LichenError(`${path}: ${JSON.stringify(key)} must be ${wanted}`, { code: 'BAD_CONFIG' })
      }
    }
  }
  check(strings, 'a string', (value) => typeof value === 'string')
  check(lists, 'a list of strings', (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
  check(objects, 'an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  check(booleans, 'true or false', (value) => typeof value === 'boolean')
  check(['storage-driver'], 'overlay, fuse-overlayfs or vfs', (value) => ['overlay', 'fuse-overlayfs', 'vfs'].includes(value as string))
  check(['data-root'], 'an absolute path', (value) => (value as string).startsWith('/'))
}
