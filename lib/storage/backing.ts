import { addon } from '../system/addon.ts'

/** f_type of statfs(2): linux/magic.h, and the parallel file systems' own headers. */
const NAMES: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  4076150800: 'f2fs',
  801189825: 'zfs',
  3393526350: 'bcachefs',
  26985: 'NFS',
  198183888: 'Lustre',
  1196443219: 'GPFS',
  428016422: 'BeeGFS',
  12805120: 'CephFS',
  1799439955: 'AFS',
  1702057286: 'FUSE',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  16914839: '9p',
  2035054128: 'overlayfs',
  19780: 'FAT',
  538032816: 'exFAT',
  1936094318: 'NTFS',
}

/**
 * File systems on which kernel overlayfs is known to do well. An allowlist: on parallel ones it has failed up to kernel panics, and
 * a probe that passes says nothing of that.
 */
const GOOD_FOR_OVERLAY = new Set(['ext4', 'xfs', 'btrfs', 'tmpfs', 'f2fs', 'zfs', 'bcachefs'])

export interface Backing {
  /** For people; in hexadecimal where it has no name here. */
  name: string
  goodForOverlay: boolean
  type: number
}

/** What the data root lies on. */
export function backingOf(path: string): Backing {
  const type = addon.statfsType({ path })
  const name = NAMES[type] ?? `file system 0x${type.toString(16)}`
  return { name, goodForOverlay: GOOD_FOR_OVERLAY.has(name), type }
}
