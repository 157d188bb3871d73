import type { ContainerView } from '../container/view.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { JoinedNamespaces } from '../plan/spec-input.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readlink } from '../system/small-files.ts'
import { donorContainer } from './donor.ts'
import type { ContainerNetwork } from './network.ts'

export interface SharedNamespaces {
  join: JoinedNamespaces | undefined
  /** The host's, be it through a container that has the host's. */
  hostNetwork: boolean
  /** The same of the others, where a container that has the host's is the host. */
  pid: string
  ipc: string
  uts: string
  cgroupns: string
}

/**
 * `--network`, `--pid`, `--ipc`, `--uts` and `--cgroupns` of `container:NAME`. A namespace can be joined by who is in the user namespace that owns it, so the
 * new container gets that one, with its ids. Throws NOT_RUNNING, CONFLICTING_OPTIONS.
 */
export async function sharedNamespaces(context: Context, options: CreateOptions, network: ContainerNetwork): Promise<SharedNamespaces> {
  const [pid, ipc, uts, cgroup] = await Promise.all([
    named(context, options.pid, 'PID namespace'),
    named(context, options.ipc, 'IPC'),
    named(context, options.uts, 'UTS namespace'),
    named(context, options.cgroupns, 'cgroup namespace'),
  ])
  const joined = network.joined
  const shared: SharedNamespaces = {
    join: undefined,
    hostNetwork: network.mode.kind === 'host' || joined?.record.options.network === 'host',
    pid: pid?.record.options.pid === 'host' ? 'host' : options.pid,
    ipc: ipc?.record.options.ipc === 'host' ? 'host' : options.ipc,
    uts: uts?.record.options.uts === 'host' ? 'host' : options.uts,
    cgroupns: cgroup?.record.options.cgroupns === 'host' ? 'host' : options.cgroupns,
  }
  const donors = [joined, pid, ipc, uts, cgroup].filter((view) => view !== undefined)
  const first = donors[0]
  if (first === undefined) return shared
  await requireOneOwner(options, donors)
  shared.join = {
    user: namespace(first, 'user'),
    ...(joined === undefined || shared.hostNetwork ? {} : { network: namespace(joined, 'net') }),
    ...(pid === undefined || shared.pid === 'host' ? {} : { pid: namespace(pid, 'pid') }),
    ...(ipc === undefined || shared.ipc === 'host' ? {} : { ipc: namespace(ipc, 'ipc'), shm: `/proc/${ipc.live?.pid}/root/dev/shm` }),
    ...(uts === undefined || shared.uts === 'host' ? {} : { uts: namespace(uts, 'uts') }),
    ...(cgroup === undefined || shared.cgroupns === 'host' ? {} : { cgroup: namespace(cgroup, 'cgroup') }),
  }
  return shared
}

const named = (context: Context, mode: string, kind: 'PID namespace' | 'IPC' | 'UTS namespace' | 'cgroup namespace') =>
  mode.startsWith('container:') ? donorContainer(context, mode.slice('container:'.length), kind) : undefined

async function requireOneOwner(options: CreateOptions, donors: ContainerView[]): Promise<void> {
  const owners = await Promise.all(donors.map((view) => readlink(namespace(view, 'user'))))
  if (new Set(owners).size > 1) {
    throw new LichenError(`conflicting options: the namespaces of ${donors.map(({ record }) => record.name).join(' and ')} belong to different users of ids`, {
      code: 'CONFLICTING_OPTIONS',
      hint: 'take them all from one container, or from containers that join each other',
    })
  }
  const ids = ({ userns, idMaps }: CreateOptions) => JSON.stringify([userns, idMaps ?? null])
  const other = donors.find(({ record }) => ids(record.options) !== ids(options))
  if (other !== undefined) {
    const { idWords } = await import('../plan/id-words.ts')
    throw new LichenError(`conflicting options: ${idWords(options)} and the namespaces of ${other.record.name}, which has ${idWords(other.record.options)}`, {
      code: 'CONFLICTING_OPTIONS',
      hint: 'who joins a container has its ids: give both the same --userns, --uidmap and --gidmap',
    })
  }
}

const namespace = ({ live }: ContainerView, name: string) => `/proc/${live?.pid}/ns/${name}`
