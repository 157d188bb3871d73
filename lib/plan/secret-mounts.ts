import { mountTarget, normalPath } from './mount-target.ts'
import type { MountPlan } from './plan.ts'

/** Where secrets are found, unless an absolute path says otherwise. */
export const SECRETS = '/run/secrets'

export interface SecretFile {
  /** Relative: below SECRETS. */
  target: string
  uid: number
  gid: number
  mode: number
  content: Uint8Array
}

/** A tmpfs, and on it the secrets: nothing of them is ever on a disk of the container. Throws BAD_MOUNT_TARGET. */
export function secretMounts(secrets: readonly SecretFile[]): MountPlan[] {
  if (secrets.length === 0) return []
  const size = secrets.reduce((sum, { content }) => sum + content.length + 4096, 65536)
  const tmpfs: MountPlan = {
    kind: 'fs',
    source: 'tmpfs',
    target: SECRETS,
    data: `mode=755,size=${size}`,
    attributes: ['nosuid', 'nodev', 'noexec'],
    flags: [],
    mode: 0,
  }
  return [
    tmpfs,
    ...secrets.map(
      ({ target, uid, gid, mode, content }): MountPlan => ({
        kind: 'content',
        source: SECRETS,
        target: mountTarget({ destination: secretTarget(target), type: 'tmpfs', source: '' }),
        data: `${uid}:${gid}`,
        attributes: [],
        flags: [],
        mode,
        content,
      }),
    ),
  ]
}

export const secretTarget = (target: string) => normalPath(target.startsWith('/') ? target : `${SECRETS}/${target}`)
