import { stat } from 'node:fs/promises'
import type { VolumeMount } from '../container/record.ts'
import type { Identity, IdMapping } from '../plan/plan.ts'
import { LichenError } from '../system/errors.ts'

interface Access {
  mounts: readonly VolumeMount[]
  identity: Pick<Identity, 'uidMappings' | 'gidMappings'>
  /** `--user`, or what takes its place. */
  user: string
}

/** A start that was denied something in a bind mount, with whose it is on both sides and what would make it the user's; any other error as it is. */
export async function explainAccess(error: unknown, { mounts, identity, user }: Access): Promise<unknown> {
  if (!(error instanceof LichenError) || !/permission denied/i.test(error.message)) return error
  const mount = mounts.find(({ type, source, target }) => type === 'bind' && (mentions(error.message, target) || mentions(error.message, source)))
  const status = mount === undefined ? undefined : await stat(mount.source).catch(() => undefined)
  if (mount === undefined || status === undefined) return error
  const hint = accessHint({ path: mount.source, uid: status.uid, gid: status.gid, mode: status.mode & 0o7777 }, { identity, user })
  return new LichenError(error.message, { code: error.code, exitCode: error.exitCode, hint, cause: error })
}

/** Whose the file is, on the host and in the container. */
export function accessHint(file: { path: string; uid: number; gid: number; mode: number }, { identity, user }: Omit<Access, 'mounts'>): string {
  const inside = (mappings: readonly IdMapping[], id: number) => {
    const found = mappings.find(({ host, size }) => id >= host && id < host + size)
    return found === undefined ? 'nobody' : String(found.container + id - found.host)
  }
  const [uid, gid] = [inside(identity.uidMappings, file.uid), inside(identity.gidMappings, file.gid)]
  const whose = `${file.path} belongs to ${file.uid}:${file.gid} on the host (mode ${file.mode.toString(8)}), which is ${uid}:${gid} in the container`
  const [name = ''] = user.split(':')
  const number = /^\d+$/.test(name) ? name : undefined
  const remedy =
    number === undefined ? '--userns=keep-id makes the user of the container you' : `--userns=keep-id:uid=${number} makes user ${number} of the container you`
  return `${whose}; ${remedy}`
}

const mentions = (message: string, path: string) => message.includes(path)
