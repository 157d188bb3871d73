import { readFile, writeFile } from 'node:fs/promises'
import { findContainer } from '../container/find.ts'
import type { ContainerRecord } from '../container/record.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { hostsFile, resolvConf } from '../network/files.ts'
import { addressIn, type NetworkMode, parseNetworkMode } from '../network/mode.ts'
import { noNetworkHelper, planSlirp } from '../network/slirp.ts'
import type { NetworkPlan } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { requireProgram } from '../system/spawn.ts'

/** A container's network, decided for one start. */
export interface ContainerNetwork {
  mode: NetworkMode
  plan: NetworkPlan
  /** Network namespace of another container to join, and the user namespace that owns it. */
  join: { net: string; user: string } | undefined
}

/** Throws NOT_RUNNING where the container whose network is wanted does not run. */
export async function containerNetwork(context: Context, view: ContainerView): Promise<ContainerNetwork> {
  const { record, paths } = view
  const mode = parseNetworkMode(record.options.network)
  switch (mode.kind) {
    case 'slirp4netns': {
      const program = await requireProgram('slirp4netns')
      const plan = planSlirp({ program, options: mode.options, ports: record.ports, apiSocket: paths.apiSocket })
      return { mode, plan, join: undefined }
    }
    case 'none':
    case 'host':
      return { mode, plan: noNetworkHelper, join: undefined }
    case 'container': {
      const other = await findContainer(context, mode.container)
      if (!isRunning(other) || other.live === undefined) {
        throw new LichenError(`cannot join network of a non running container: ${other.record.id}`, { code: 'NOT_RUNNING' })
      }
      const folder = `/proc/${other.live.pid}/ns`
      return { mode, plan: noNetworkHelper, join: { net: `${folder}/net`, user: `${folder}/user` } }
    }
  }
}

/** Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of the container into its folder. */
export async function writeNetworkFiles({ record, paths }: ContainerView, { mode }: ContainerNetwork, hostname: string): Promise<void> {
  const { options } = record
  const own = mode.kind === 'slirp4netns' ? mode.options : undefined
  const cidr = own?.cidr ?? ''
  const hosts =
    mode.kind === 'host' && options.hostname === undefined
      ? await hostText('/etc/hosts')
      : hostsFile({
          address: own === undefined ? undefined : addressIn(cidr, 100),
          hostname,
          domainname: options.domainname ?? '',
          extra: options.addHosts,
          gateway: own === undefined ? '127.0.0.1' : addressIn(cidr, 2),
        })
  const resolv = resolvConf({
    host: await hostText('/etc/resolv.conf'),
    own: own === undefined ? undefined : addressIn(cidr, 3),
    servers: options.dns,
    search: options.dnsSearch,
    options: options.dnsOptions,
  })
  const write = (path: string, text: string) => writeFile(path, text, { mode: 0o644 })
  await Promise.all([write(paths.hosts, hosts), write(paths.hostname, `${hostname}\n`), write(paths.resolvConf, resolv)])
}

/** Docker's rule: the container's short id, or the host's own name with its network. */
export const defaultHostname = (record: ContainerRecord) => record.options.hostname ?? record.id.slice(0, 12)

const hostText = (path: string) => readFile(path, 'utf8').catch(() => '')
