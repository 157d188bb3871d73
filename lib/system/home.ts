import { addon } from './addon.ts'
import { LichenError } from './errors.ts'
import { statMaybe } from './fs.ts'

/** XDG folders must be absolute (XDG Base Directory Specification); others are ignored. */
export function xdgFolder(name: string): string | undefined {
  const value = process.env[name]
  return value?.startsWith('/') ? value : undefined
}

/** $HOME, unless it is somebody else's, as under `sudo -u` and in some batch jobs: then the password database's. Throws NO_HOME. */
export function homeFolder(uid = process.geteuid?.() ?? 0): string {
  const home = process.env['HOME']
  if (home?.startsWith('/')) {
    if (statMaybe(home)?.uid === uid) return home
  }
  const entry = addon.passwordEntry({ uid })?.home
  const found = entry?.startsWith('/') ? entry : home
  if (found?.startsWith('/')) return found
  throw new LichenError(`no home folder is known for uid ${uid}`, { code: 'NO_HOME', hint: 'set HOME to a folder of your own' })
}
