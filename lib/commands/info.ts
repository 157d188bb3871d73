import { readFile } from 'node:fs/promises'
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os'
import { cgroupFacts, writableCgroup } from '../cgroup/detect.ts'
import { command } from '../cli/command.ts'
import { degradations } from '../cli/degradations.ts'
import { optionTable } from '../cli/options.ts'
import { compileTemplate } from '../cli/template.ts'
import { listContainers } from '../container/list.ts'
import { listImages } from '../image/list.ts'
import { chooseDriver } from '../storage/choose.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostFacts } from '../system/host.ts'
import { hostIdentity } from '../system/identity.ts'
import { openContext } from '../system/open-context.ts'
import { version } from '../system/version.ts'
import { printLines } from './print.ts'

export const info = command({
  name: 'info',
  summary: 'Say what this host offers, and what is degraded',
  usage: '[OPTIONS]',
  options: optionTable({ format: { type: 'string', short: 'f', metavar: 'string', description: 'json, or a Go template' } }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const render = options.format === undefined || options.format === 'json' ? undefined : compileTemplate(options.format)
    const facts = await gather(await openContext(globals))
    if (options.format === undefined) printLines(text(facts))
    else printLines([render === undefined ? JSON.stringify(facts) : render(facts)])
    return 0
  },
})

type Facts = Awaited<ReturnType<typeof gather>>

async function gather(context: Context) {
  const [host, cgroup, storage, containers, images, osRelease] = await Promise.all([
    hostFacts(),
    cgroupState(),
    storageState(context),
    listContainers(context),
    listImages(context),
    readFile('/etc/os-release', 'utf8').catch(() => ''),
  ])
  const count = (status: string) => containers.filter((view) => view.status === status).length
  const architecture = { x64: 'x86_64', arm64: 'aarch64' }[arch() as string] ?? arch()
  const security = [...host.security.map((name) => `name=${name}`), 'name=rootless', ...(cgroup.layout === 'unified' ? ['name=cgroupns'] : [])]
  const warnings = degradations({ host, cgroup, storage })
  return {
    Containers: containers.length,
    ContainersRunning: count('running'),
    ContainersPaused: count('paused'),
    ContainersStopped: containers.length - count('running') - count('paused'),
    Images: images.length,
    Driver: storage.driver,
    DriverStatus: [['Why', storage.reason]],
    Plugins: {
      Volume: ['local'],
      Network: ['host', 'none', 'slirp4netns'],
      Authorization: null,
      Log: ['journald', 'json-file', 'k8s-file', 'none', 'passthrough'],
    },
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: null },
    MemoryLimit: cgroup.controllers.includes('memory'),
    SwapLimit: cgroup.controllers.includes('memory') && cgroup.swapAccounting,
    CpuCfsQuota: cgroup.controllers.includes('cpu'),
    CPUShares: cgroup.controllers.includes('cpu'),
    CPUSet: cgroup.controllers.includes('cpuset'),
    PidsLimit: cgroup.controllers.includes('pids'),
    LoggingDriver: context.config['log-driver'] ?? 'json-file',
    CgroupDriver: cgroup.driver,
    CgroupVersion: cgroup.layout === 'unified' ? '2' : '1',
    KernelVersion: release(),
    OperatingSystem: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    OSType: 'linux',
    Architecture: architecture,
    NCPU: availableParallelism(),
    MemTotal: totalmem(),
    DockerRootDir: context.paths.data,
    Name: hostname(),
    ServerVersion: version,
    SecurityOptions: security,
    DefaultRuntime: 'lichen-runtime',
    Warnings: warnings.map(({ what, remedy }) => `${what} (${remedy})`),
    // podman's names
    Host: {
      Arch: arch() === 'x64' ? 'amd64' : arch(),
      CgroupManager: cgroup.driver,
      CgroupVersion: cgroup.layout === 'unified' ? 'v2' : 'v1',
      CgroupControllers: cgroup.controllers,
      CPUs: availableParallelism(),
      Hostname: hostname(),
      Kernel: release(),
      LogDriver: context.config['log-driver'] ?? 'json-file',
      MemTotal: totalmem(),
      OS: 'linux',
      OCIRuntime: { Name: 'lichen-runtime', Path: context.runtime },
      Security: {
        Rootless: true,
        SECCOMPEnabled: host.security.includes('seccomp'),
        AppArmorEnabled: host.security.includes('apparmor'),
        SELinuxEnabled: host.security.includes('selinux'),
      },
      Slirp4NetNS: { Executable: host.helpers.slirp4netns?.path ?? '', Version: host.helpers.slirp4netns?.version ?? '' },
      IDMappings: storage.mappings,
    },
    Store: {
      GraphDriverName: storage.driver,
      GraphRoot: context.paths.data,
      RunRoot: context.paths.run,
      ContainerStore: { Number: containers.length },
      ImageStore: { Number: images.length },
    },
  }
}

async function cgroupState() {
  const facts = await cgroupFacts()
  const own = facts.layout === 'unified' && facts.own !== undefined ? await writableCgroup(facts, facts.mount + facts.own) : undefined
  const uid = process.geteuid?.() ?? 0
  const user = `/user.slice/user-${uid}.slice/user@${uid}.service`
  const session = facts.layout === 'unified' && uid !== 0 ? await writableCgroup(facts, facts.mount + user) : undefined
  const place = session ?? own
  return { ...facts, controllers: place?.available ?? [], driver: session !== undefined ? 'systemd' : place === undefined ? 'none' : 'cgroupfs' }
}

/** A host where nothing can be mounted or mapped must still be able to say so. */
async function storageState(context: Context) {
  try {
    const identity = await hostIdentity(context)
    const { driver, reason } = await chooseDriver({ context, identity })
    return { driver: driver as string, reason, failure: undefined, mappings: { UIDMap: identity.uidMappings, GIDMap: identity.gidMappings } }
  } catch (error) {
    if (!(error instanceof LichenError)) throw error
    return {
      driver: 'none',
      reason: error.message,
      failure: { what: error.message, remedy: error.hint ?? 'see lichen --debug info' },
      mappings: { UIDMap: [], GIDMap: [] },
    }
  }
}

function text(facts: Facts): string[] {
  const ids = facts.Host.IDMappings.UIDMap.reduce((sum, { size }) => sum + size, 0)
  return [
    `Version: ${facts.ServerVersion}`,
    `Containers: ${facts.Containers} (running ${facts.ContainersRunning}, paused ${facts.ContainersPaused}, stopped ${facts.ContainersStopped})`,
    `Images: ${facts.Images}`,
    `Storage Driver: ${facts.Driver}`,
    `  Why: ${facts.DriverStatus[0]?.[1] ?? ''}`,
    `Root Dir: ${facts.DockerRootDir}`,
    `Run Dir: ${facts.Store.RunRoot}`,
    `Cgroup Driver: ${facts.CgroupDriver}`,
    `Cgroup Version: ${facts.CgroupVersion}`,
    `  Limits: ${facts.Host.CgroupControllers.join(' ') || 'none can be enforced'}`,
    `User IDs: ${ids}`,
    `Network: ${facts.Host.Slirp4NetNS.Version || 'slirp4netns is missing'}`,
    `Security Options: ${facts.SecurityOptions.map((option) => option.replace('name=', '')).join(' ')}`,
    `Kernel Version: ${facts.KernelVersion}`,
    `Operating System: ${facts.OperatingSystem}`,
    `Architecture: ${facts.Architecture}`,
    `CPUs: ${facts.NCPU}`,
    `Total Memory: ${(facts.MemTotal / 1024 ** 3).toPrecision(4)}GiB`,
    ...facts.Warnings.map((line) => `WARNING: ${line}`),
  ]
}
