import { LichenError } from '../system/errors.ts'
import { realpath, stat } from '../system/small-files.ts'

/** `--rootfs DIR`: its absolute path. Throws BAD_ROOTFS. */
export async function rootfsFolder(path: string): Promise<string> {
  const bad = (why: string, hint: string) => new LichenError(`--rootfs ${path}: ${why}`, { code: 'BAD_ROOTFS', hint })
  if (/:O$/.test(path)) throw bad('changes are not kept apart from the folder', 'leave :O out; --read-only leaves the folder alone')
  const folder = await realpath(path).catch(() => undefined)
  if (folder === undefined || !(await stat(folder)).isDirectory()) throw bad('no such folder', 'the folder of a root file system, with bin, etc and so on')
  if (folder === '/') throw bad('that is the root of the host', 'a folder of its own')
  return folder
}
