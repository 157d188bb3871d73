import { libexecFolders, packageFolder } from './addon.ts'
import { loadConfig } from './config.ts'
import type { Config, Context } from './context.ts'
import { openDataRoot } from './data-root.ts'
import { LichenError } from './errors.ts'
import { existsSync } from './fs.ts'
import { homeFolder, xdgFolder } from './home.ts'
import { debug, setDebug } from './log.ts'
import { resolve } from './path.ts'
import { openRunRoot, runPlaces } from './run-root.ts'
import { sha256 } from './sha256.ts'
import { sharedRunRoot } from './shared-run-root.ts'
import { traced } from './trace.ts'
import { insideUnshare, type Unshared } from './unshared.ts'

/** What stands in front of the verb on the command line. */
export interface GlobalOptions {
  /** `--root`; relative to the working directory. */
  root?: string | undefined
  /** `--storage-driver` */
  storageDriver?: Config['storage-driver'] | undefined
  debug?: boolean | undefined
}

/**
 * Finds, makes and checks the folders of this user, and reads the configuration.
 * Throws STORE_NOT_OURS, DATA_ROOT_IN_USE, RUN_DIR_UNSAFE, NO_HOME, BROKEN_JSON, BAD_CONFIG, NO_RUNTIME, UNSHARED_ELSEWHERE.
 */
export function openContext(options: GlobalOptions = {}): Promise<Context> {
  return traced('open the store', () => open(options))
}

async function open(options: GlobalOptions): Promise<Context> {
  if (options.debug) setDebug(true)
  const uid = process.geteuid?.() ?? 0
  const home = homeFolder(uid)
  const config = await loadConfig(`${xdgFolder('XDG_CONFIG_HOME') ?? `${home}/.config`}/lichen/config.json`)
  if (config.debug) setDebug(true)
  if (options.storageDriver !== undefined) config['storage-driver'] = options.storageDriver

  const inside = insideUnshare()
  if (inside !== undefined) {
    if (options.storageDriver === undefined && inside.driver !== undefined) config['storage-driver'] = inside.driver as NonNullable<Config['storage-driver']>
    return { paths: pathsInside(inside, options.root), config, runtime: runtimePath() }
  }

  const usual = uid === 0 ? '/var/lib/lichen' : `${xdgFolder('XDG_DATA_HOME') ?? `${home}/.local/share`}/lichen`
  const data = options.root === undefined ? (config['data-root'] ?? usual) : resolve(options.root)
  await openDataRoot(data, uid)
  // Two data roots must not share names and locks.
  const own = await openRunRoot(runPlaces(uid), data === usual ? undefined : sha256(data).toString('hex').slice(0, 12))
  const run = await sharedRunRoot(data, own, uid)
  const runtime = runtimePath()
  debug(() => `data root ${data}, run root ${run}, runtime ${runtime}`)
  return { paths: { data, run }, config, runtime }
}

function pathsInside({ data, run }: Unshared, root: string | undefined): Context['paths'] {
  if (root === undefined || resolve(root) === data) return { data, run }
  throw new LichenError(`this lichen unshare is for the data root ${data}, not for ${resolve(root)}`, {
    code: 'UNSHARED_ELSEWHERE',
    hint: `leave it, and call: lichen --root ${root} unshare`,
  })
}

function runtimePath(): string {
  const top = packageFolder()
  const candidates = libexecFolders().map((folder) => `${folder}/lichen-runtime`)
  if (top !== undefined) candidates.splice(process.env['LICHEN_LIBEXEC'] === undefined ? 0 : 1, 0, `${top}/native/runtime/build/lichen-runtime`)
  const path = candidates.find((candidate) => existsSync(candidate))
  if (path !== undefined) return path
  throw new LichenError('the native runtime of lichen (lichen-runtime) is not built or not installed', {
    code: 'NO_RUNTIME',
    hint: `in a checkout: npm run build. Looked for it in ${candidates.join(', ')}`,
  })
}
