import { LichenError } from '../system/errors.ts'

/** Options that rule each other out, by what they are about. */
// biome-ignore format: pairs
const flags: Record<string, string> = {
  ro: 'ro', rw: 'ro', suid: 'suid', nosuid: 'suid', dev: 'dev', nodev: 'dev', exec: 'exec', noexec: 'exec', sync: 'sync', async: 'sync', dirsync: 'dirsync',
  atime: 'atime', noatime: 'atime', relatime: 'atime', norelatime: 'atime', strictatime: 'atime', nostrictatime: 'atime', diratime: 'diratime', nodiratime: 'diratime',
  private: 'propagation', rprivate: 'propagation', slave: 'propagation', rslave: 'propagation', shared: 'propagation', rshared: 'propagation',
  unbindable: 'propagation', runbindable: 'propagation', tmpcopyup: 'copy', notmpcopyup: 'copy',
}

const keys = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol', 'huge'])

/** Options of a tmpfs over Docker's (rw, noexec, nosuid, nodev, private); of two that contradict, the later wins. Throws BAD_TMPFS_OPTION. */
export function tmpfsOptions(text: string): string[] {
  const chosen = new Map<string, string>()
  for (const option of ['noexec', 'nosuid', 'nodev', 'rprivate', ...text.split(',')]) {
    if (option === '' || option === 'defaults') continue
    const key = option.split('=', 1)[0] ?? ''
    const about = flags[option] ?? (option.includes('=') && keys.has(key) ? key : undefined)
    if (about === undefined)
      throw new LichenError(`invalid tmpfs option ${JSON.stringify(key)}`, { code: 'BAD_TMPFS_OPTION', hint: 'such as size=64m,mode=1777,exec' })
    chosen.set(about, option)
  }
  return [...chosen.values()].filter((option) => option !== 'notmpcopyup')
}
