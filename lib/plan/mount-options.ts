import type { MountAttribute } from './plan.ts'
import { CHOWN, COPY_UP, CREATE_SOURCE, SUBPATH } from './volume-mount.ts'

/** MS_* bits of linux/mount.h. */
// biome-ignore format: pairs
export const propagationBits: Record<string, number> = {
  unbindable: 1 << 17, private: 1 << 18, slave: 1 << 19, shared: 1 << 20, runbindable: (1 << 17) | (1 << 14), rprivate: (1 << 18) | (1 << 14), rslave: (1 << 19) | (1 << 14),
  rshared: (1 << 20) | (1 << 14),
}

/** Option -> attribute that it sets, or (with "-") takes back. An "r" in front is the same for mounts below, which a recursive bind has anyway. */
// biome-ignore format: pairs
const attributes: Record<string, MountAttribute | `-${MountAttribute}`> = {
  ro: 'ro', rw: '-ro', nosuid: 'nosuid', suid: '-nosuid', nodev: 'nodev', dev: '-nodev', noexec: 'noexec', exec: '-noexec', noatime: 'noatime', atime: '-noatime',
  strictatime: 'strictatime', nostrictatime: '-strictatime', nodiratime: 'nodiratime', diratime: '-nodiratime', nosymfollow: 'nosymfollow', symfollow: '-nosymfollow',
}

/** Of the whole file system, not of one mount of it: given to the file system, and without effect on a bind. */
const superblock = new Set(['sync', 'async', 'dirsync', 'lazytime', 'nolazytime', 'mand', 'nomand'])
/** The kernel's own way without being told. */
const usual = new Set(['defaults', 'relatime', 'rrelatime', 'norelatime', 'rnorelatime', 'loud', 'silent', 'iversion', 'noiversion'])

const ours = new Set(['bind', 'rbind', COPY_UP, CREATE_SOURCE, CHOWN, 'tmpcopyup', 'nofail'])

export interface MountOptions {
  bind: boolean
  recursive: boolean
  attributes: MountAttribute[]
  /** A key of propagationBits. */
  propagation: string | undefined
  /** For the file system, as mount(2) takes it. */
  data: string
  copyUp: boolean
  createSource: boolean
  chown: boolean
  /** A path below the source, "" for the source itself. */
  subpath: string
  /** A missing source is no failure (fstab's word). */
  optional: boolean
}

/** The option strings of one mount of a specification. What is no option of a bind mount is handed to `bad`; a file system judges its own. */
export function parseMountOptions(type: string | undefined, options: string[], bad: (option: string) => never): MountOptions {
  const bind = type === 'bind' || options.includes('bind') || options.includes('rbind')
  const set = new Set<MountAttribute>()
  const data: string[] = []
  let propagation: string | undefined
  for (const option of options) {
    const attribute = attributes[option] ?? attributes[option.replace(/^r/, '')]
    if (attribute !== undefined) apply(set, attribute)
    else if (option in propagationBits) propagation = option
    else if (ours.has(option) || usual.has(option) || (bind && option.startsWith(SUBPATH))) continue
    else if (['remount', 'idmap', 'ridmap'].includes(option) || (bind && !superblock.has(option))) bad(option)
    else if (!bind) data.push(option)
  }
  return {
    bind,
    recursive: options.includes('rbind'),
    attributes: [...set],
    propagation,
    data: data.join(','),
    copyUp: options.includes(COPY_UP) || options.includes('tmpcopyup'),
    createSource: options.includes(CREATE_SOURCE),
    chown: bind && options.includes(CHOWN),
    subpath: options.findLast((option) => option.startsWith(SUBPATH))?.slice(SUBPATH.length) ?? '',
    optional: options.includes('nofail'),
  }
}

function apply(set: Set<MountAttribute>, attribute: MountAttribute | `-${MountAttribute}`): void {
  // The kernel takes one of the two, not both.
  if (attribute === 'noatime') set.delete('strictatime')
  if (attribute === 'strictatime') set.delete('noatime')
  if (attribute.startsWith('-')) set.delete(attribute.slice(1) as MountAttribute)
  else set.add(attribute as MountAttribute)
}
