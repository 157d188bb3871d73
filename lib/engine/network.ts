import type { ContainerRecord } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import { hostsFile, resolvConf } from '../network/files.ts'
import { addressIn, type NetworkMode, parseNetworkMode } from '../network/mode.ts'
import { noNetworkHelper, planSlirp } from '../network/slirp.ts'
import type { Identity, NetworkPlan } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostRoot } from '../system/map-identity.ts'
import type { ContainerPaths } from '../system/paths.ts'
import { chmod, chown, readFile, writeFile } from '../system/small-files.ts'
import { requireProgram } from '../system/spawn.ts'
import { donorContainer } from './donor.ts'

/** A container's network, decided for one start. */
export interface ContainerNetwork {
  mode: NetworkMode
  plan: NetworkPlan
  /** The running container whose network this one joins. */
  joined: ContainerView | undefined
}

/** Throws NOT_RUNNING where the container whose network is wanted does not run. */
export async function containerNetwork(context: Context, view: ContainerView, identity: Identity): Promise<ContainerNetwork> {
  const { record, paths } = view
  const mode = parseNetworkMode(record.options.network)
  switch (mode.kind) {
    case 'slirp4netns': {
      const program = await requireProgram('slirp4netns')
      const rootMapped = [identity.uidMappings, identity.gidMappings].every((mappings) => mappings.some(({ container }) => container === 0))
      const plan = planSlirp({
        program,
        options: mode.options,
        ports: record.ports,
        apiSocket: paths.apiSocket,
        rootMapped,
        macAddress: record.options.macAddress,
        hostRoot: process.geteuid?.() === 0,
      })
      return { mode, plan, joined: undefined }
    }
    case 'none':
    case 'host':
      return { mode, plan: noNetworkHelper, joined: undefined }
    case 'container': {
      const joined = await donorContainer(context, mode.container, 'network')
      return { mode, plan: noNetworkHelper, joined }
    }
  }
}

/** Docker's rules: what was asked for; that of the container whose network it is; the host's with its network; the short id. */
export async function containerHostname({ options, id }: ContainerRecord, { mode, joined }: ContainerNetwork, host: string): Promise<string> {
  if (options.uts === 'host') return host
  if (options.hostname !== undefined) return options.hostname
  if (joined !== undefined) return (await readFile(joined.paths.hostname, 'utf8')).trim()
  return mode.kind === 'host' ? host : id.slice(0, 12)
}

/**
 * Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of the container into its folder, and tells where they are: a container
 * that joins another's network has that one's.
 */
export async function writeNetworkFiles(
  { config }: Pick<Context, 'config'>,
  { record, paths }: ContainerView,
  { mode, joined }: ContainerNetwork,
  { hostname, identity }: { hostname: string; identity: Identity },
): Promise<Pick<ContainerPaths, 'hosts' | 'hostname' | 'resolvConf'>> {
  if (joined !== undefined) return joined.paths
  const { options } = record
  const own = mode.kind === 'slirp4netns' ? mode.options : undefined
  const cidr = own?.cidr ?? ''
  const made = {
    address: own === undefined ? undefined : addressIn(cidr, 100),
    hostname,
    domainname: options.domainname ?? '',
    extra: options.addHosts,
    gateway: own === undefined ? '127.0.0.1' : addressIn(cidr, 2),
  }
  const asHost = mode.kind === 'host' && options.hostname === undefined && options.addHosts.length === 0
  const base = ['', 'none', 'image'].includes(options.hostsFile ?? '') ? '' : await baseHosts(options.hostsFile!)
  const hosts = asHost && base === '' ? await hostText('/etc/hosts') : `${base}${hostsFile(made)}`
  const resolv = resolvConf({
    host: await hostText('/etc/resolv.conf'),
    own: own === undefined ? undefined : addressIn(cidr, 3),
    servers: asked(options.dns, config.dns),
    search: asked(options.dnsSearch, config['dns-search']),
    options: asked(options.dnsOptions, config['dns-opts']),
  })
  // Root of the container may write them; it is this user, but for containers of root.
  const owner = process.geteuid?.() === 0 ? { uid: hostRoot(identity.uidMappings), gid: hostRoot(identity.gidMappings) } : undefined
  const write = async (path: string, text: string) => {
    await writeFile(path, text)
    // Not the umask's to say: every user of the container reads them.
    await chmod(path, 0o644)
    if (owner !== undefined) await chown(path, owner.uid, owner.gid)
  }
  await Promise.all([write(paths.hosts, hosts), write(paths.hostname, `${hostname}\n`), write(paths.resolvConf, resolv)])
  return paths
}

/** `--hosts-file`: its lines come first. */
async function baseHosts(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\n?$/, '\n')
  } catch (error) {
    throw new LichenError(`the file of --hosts-file can't be read: ${(error as Error).message}`, { code: 'NO_HOSTS_FILE', cause: error })
  }
}

const asked = (options: string[], configured: string[] = []) => (options.length > 0 ? options : configured)

const hostText = (path: string) => readFile(path, 'utf8').catch(() => '')
