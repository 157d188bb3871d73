import { LichenError } from './errors.ts'
import { constants } from './fs.ts'
import { access, stat } from './small-files.ts'

/** Where an administrator's helpers are that a user's PATH often lacks. */
const EXTRA_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin']

/** Absolute path of a helper: in PATH, the usual system folders and ~/.local/bin, in this order; undefined where it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  const path = (process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'))
  const home = process.env['HOME']
  const folders = [...path, ...EXTRA_FOLDERS, ...(home === undefined ? [] : [`${home}/.local/bin`])]
  for (const folder of new Set(folders)) {
    const candidate = `${folder}/${name}`
    if (await isExecutable(candidate)) return candidate
  }
  return undefined
}

/** findProgram, or NO_HELPER with the line that installs it. */
export async function requireProgram(name: string): Promise<string> {
  const path = await findProgram(name)
  if (path !== undefined) return path
  throw new LichenError(`${name} is not installed`, { code: 'NO_HELPER', hint: await installLine(name) })
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** Packages with another name than their program: by package manager. */
const PACKAGES: Record<string, Partial<Record<string, string>>> = {
  newuidmap: { 'apt-get': 'uidmap', dnf: 'shadow-utils', zypper: 'shadow', pacman: 'shadow' },
  newgidmap: { 'apt-get': 'uidmap', dnf: 'shadow-utils', zypper: 'shadow', pacman: 'shadow' },
  xz: { 'apt-get': 'xz-utils' },
  busctl: { 'apt-get': 'systemd', dnf: 'systemd', zypper: 'systemd', pacman: 'systemd' },
}

/** What to type to get a program, with the package manager of this host. */
export async function installLine(program: string): Promise<string> {
  const verbs = { 'apt-get': 'apt install', dnf: 'dnf install', zypper: 'zypper install', pacman: 'pacman -S' }
  for (const [manager, verb] of Object.entries(verbs)) {
    if ((await findProgram(manager)) !== undefined) return `sudo ${verb} ${PACKAGES[program]?.[manager] ?? program}`
  }
  return `install ${program}, or ask your administrator to`
}
