import { constants } from './fs.ts'
import { findProgram } from './programs.ts'
import { access, readFile, stat } from './small-files.ts'
import { capture } from './spawn.ts'

export interface DeviceFact {
  present: boolean
  /** This user may open it for reading and writing. */
  usable: boolean
  /** Permission bits, "666"; "" where it is missing. */
  mode: string
}

/** What the host offers; probed when asked for, for `info` and for explanations of failures. */
export interface HostFacts {
  kernel: string
  userns: UsernsFacts
  fuse: DeviceFact
  tun: DeviceFact
  /** First line of each helper's --version; undefined where it is not installed. */
  helpers: Record<'newuidmap' | 'newgidmap' | 'slirp4netns' | 'fuse-overlayfs', { path: string; version: string } | undefined>
  /** selinux, apparmor, seccomp: what of them is in force. */
  security: string[]
}

export interface UsernsFacts {
  /** user.max_user_namespaces; undefined: a kernel without user namespaces. */
  max: number | undefined
  /** kernel.unprivileged_userns_clone (Debian's patch); undefined: not there. */
  cloneAllowed: boolean | undefined
  /** kernel.apparmor_restrict_unprivileged_userns (Ubuntu). */
  apparmorRestricted: boolean
}

export async function hostFacts(): Promise<HostFacts> {
  const [kernel, userns, fuse, tun, security, newuidmap, newgidmap, slirp4netns, fuseOverlayfs] = await Promise.all([
    readLine('/proc/sys/kernel/osrelease'),
    usernsFacts(),
    deviceFact('/dev/fuse'),
    deviceFact('/dev/net/tun'),
    securityFacts(),
    helperFact('newuidmap'),
    helperFact('newgidmap'),
    helperFact('slirp4netns'),
    helperFact('fuse-overlayfs'),
  ])
  return { kernel: kernel ?? '', userns, fuse, tun, helpers: { newuidmap, newgidmap, slirp4netns, 'fuse-overlayfs': fuseOverlayfs }, security }
}

export async function usernsFacts(): Promise<UsernsFacts> {
  const [max, clone, apparmor] = await Promise.all(
    ['user/max_user_namespaces', 'kernel/unprivileged_userns_clone', 'kernel/apparmor_restrict_unprivileged_userns'].map((name) =>
      readLine(`/proc/sys/${name}`),
    ),
  )
  return {
    max: max === undefined ? undefined : Number(max),
    cloneAllowed: clone === undefined ? undefined : clone !== '0',
    apparmorRestricted: apparmor !== undefined && apparmor !== '0',
  }
}

/** Why the kernel refused to make the namespaces, and what gives them back. `errno` is positive. */
export async function explainUsernsFailure(errno: number): Promise<{ message: string; hint: string }> {
  return explainUserns(errno, await usernsFacts(), process.geteuid?.() === 0)
}

/** The same, on given facts. */
export function explainUserns(errno: number, facts: UsernsFacts, root: boolean): { message: string; hint: string } {
  const [EPERM, ENOSPC, EUSERS, EINVAL, EACCES, EAGAIN, ENOMEM] = [1, 28, 87, 22, 13, 11, 12]
  const message = 'the kernel does not let you make a user namespace'
  if (facts.max === undefined || errno === EINVAL) {
    return { message: 'this kernel has no user namespaces', hint: 'it needs CONFIG_USER_NS=y (Linux 4.18 or newer; 5.11 or newer for the overlay driver)' }
  }
  if (facts.max === 0) return { message, hint: persistent('user.max_user_namespaces=28633') }
  if (!root && facts.cloneAllowed === false) return { message, hint: persistent('kernel.unprivileged_userns_clone=1') }
  if (errno === ENOSPC || errno === EUSERS) {
    return {
      message: 'the limit of namespaces is reached',
      hint: `${persistent(`user.max_user_namespaces=${Math.max(facts.max * 2, 28633)}`)}; user namespaces can be nested 32 deep at most`,
    }
  }
  if (!root && facts.apparmorRestricted && (errno === EPERM || errno === EACCES)) {
    return {
      message: 'AppArmor does not let you use a user namespace',
      hint: `an administrator runs hack/setup-host, which installs an AppArmor profile for lichen; or, for all programs: ${persistent('kernel.apparmor_restrict_unprivileged_userns=0')}`,
    }
  }
  if (errno === EAGAIN || errno === ENOMEM) {
    return { message: 'there are too many processes, or too little memory, for one more', hint: 'compare `ulimit -u` and the limits of your session or job' }
  }
  if (errno === EPERM) {
    return {
      message,
      hint: 'inside another container: it must allow namespaces (podman, docker: --security-opt seccomp=unconfined); in a chroot the kernel never does',
    }
  }
  return { message, hint: 'compare `lichen info`' }
}

const persistent = (setting: string) => `an administrator runs: echo ${setting} > /etc/sysctl.d/99-lichen.conf; sysctl --system`

export async function deviceFact(path: string): Promise<DeviceFact> {
  try {
    const { mode } = await stat(path)
    const usable = await access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    )
    return { present: true, usable, mode: (mode & 0o7777).toString(8) }
  } catch {
    return { present: false, usable: false, mode: '' }
  }
}

async function helperFact(name: string): Promise<{ path: string; version: string } | undefined> {
  const path = await findProgram(name)
  if (path === undefined) return undefined
  // These two know no --version.
  if (name.startsWith('new')) return { path, version: '' }
  const { stdout, stderr } = await capture({ file: path, argv: [name, '--version'] })
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim())
  return { path, version: lines.find((line) => line.startsWith(name)) ?? lines.find((line) => line !== '') ?? '' }
}

async function securityFacts(): Promise<string[]> {
  const [apparmor, selinux, seccomp] = await Promise.all([
    readLine('/sys/module/apparmor/parameters/enabled'),
    readLine('/sys/fs/selinux/enforce'),
    readLine('/proc/sys/kernel/seccomp/actions_avail'),
  ])
  return [...(apparmor === 'Y' ? ['apparmor'] : []), ...(selinux === undefined ? [] : ['selinux']), ...(seccomp === undefined ? [] : ['seccomp'])]
}

const readLine = (path: string) =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
