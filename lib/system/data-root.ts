import { LichenError } from './errors.ts'
import { chmodSync, mkdirSync, readdirSync, statSync } from './fs.ts'
import { dirname } from './path.ts'

/** What a store of ours may hold: a folder with anything else in it is not made into one. */
const OURS = new Set(['blobs', 'images', 'references', 'layers', 'volumes', 'tmp', 'containers', 'names', 'secrets', 'run-roots'])

/**
 * Makes the data root, or checks the one that is there. Only its owner may look into it; root's may be walked through,
 * for the ids of its containers are others than root's.
 */
export async function openDataRoot(path: string, uid: number): Promise<void> {
  const mode = uid === 0 ? 0o711 : 0o700
  try {
    mkdirSync(path, { recursive: true, mode })
  } catch (error) {
    throw new LichenError(`the data root ${path} can't be made: ${(error as Error).message}`, {
      code: 'DATA_ROOT_FAILED',
      hint: 'choose another folder: --root PATH, or "data-root" in ~/.config/lichen/config.json',
      cause: error,
    })
  }
  const status = statSync(path)
  if (status.uid !== uid) {
    throw new LichenError(`the data root ${path} belongs to uid ${status.uid}, not to you (uid ${uid})`, {
      code: 'STORE_NOT_OURS',
      hint: "HOME, XDG_DATA_HOME or --root is another user's: log in as the user you mean (su - USER, sudo -i -u USER)",
    })
  }
  if ((status.mode & 0o777) !== mode) tighten(path, mode)
  if (uid === 0) checkReachable(path)
}

function tighten(path: string, mode: number): void {
  const foreign = readdirSync(path).find((name) => !OURS.has(name))
  if (foreign !== undefined) {
    throw new LichenError(`${path} is not a store of lichen: it holds ${JSON.stringify(foreign)}`, {
      code: 'DATA_ROOT_IN_USE',
      hint: 'give an empty folder, or one that does not exist yet',
    })
  }
  chmodSync(path, mode)
}

/** The ids of a root user's containers reach the layers as "others". */
function checkReachable(path: string): void {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) {
      throw new LichenError(`the containers' ids can't reach ${path}: ${folder} is closed to others`, {
        code: 'DATA_ROOT_CLOSED',
        hint: `chmod o+x ${folder}, or choose another --root`,
      })
    }
    if (folder === '/') return
  }
}
