import { LichenError } from '../system/errors.ts'
import { constants } from '../system/fs.ts'
import { access } from '../system/small-files.ts'
import { cgroupFacts } from './detect.ts'
import { connectServiceManager } from './scope.ts'

/**
 * What is to be awaited with the supervisor's pid before it sends a process into the container's cgroup, by `exec`; undefined: nothing.
 * The kernel lets a process go over to another cgroup only for somebody who may write to the nearest one above both (cgroups(7),
 * delegation containment). From a login session the one above is root's; a scope of the user's own service manager stands beside the container's.
 */
export async function placeVisit(id: string, cgroup: string): Promise<((supervisorPid: number) => Promise<void>) | undefined> {
  if (cgroup === '') return undefined
  const { mount, own } = await cgroupFacts()
  if (own === undefined || (await mayWrite(`${commonFolder(`${mount}${own}`, cgroup)}/cgroup.procs`))) return undefined
  const uid = process.geteuid?.() ?? 0
  const manager = await connectServiceManager(uid)
  if (manager === undefined) {
    throw new LichenError("systemd can't be reached, and from here no process may be sent into the cgroup of the container", {
      code: 'NO_CGROUP_DELEGATION',
      hint: `from a process below ${cgroup.slice(0, cgroup.lastIndexOf('/'))} it works, as it does after a login through PAM`,
    })
  }
  return async (pid) => {
    const scope = { pid, slice: uid === 0 ? 'system.slice' : 'user.slice', description: `lichen exec in ${id.slice(0, 12)}` }
    try {
      await manager.startScope({ ...scope, name: `lichen-exec-${id}-${pid}.scope` })
    } finally {
      manager.close()
    }
  }
}

/** The deepest folder that both paths are or lie in. */
export function commonFolder(a: string, b: string): string {
  const [left, right] = [a.split('/'), b.split('/')]
  const differ = left.findIndex((part, at) => part !== right[at])
  return left.slice(0, differ === -1 ? left.length : differ).join('/')
}

const mayWrite = (path: string) =>
  access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
