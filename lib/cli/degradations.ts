import type { HostFacts } from '../system/host.ts'

interface Degradation {
  what: string
  remedy: string
}

interface Input {
  host: HostFacts
  cgroup: { layout: string; controllers: readonly string[] }
  storage: { driver: string; failure: Degradation | undefined; mappings: { UIDMap: readonly { size: number }[] } }
}

/** What a container has less of on this host, each with the line that gives it back. */
export function degradations({ host, cgroup, storage }: Input): Degradation[] {
  const list: Degradation[] = []
  const say = (when: boolean, what: string, remedy: string) => {
    if (when) list.push({ what, remedy })
  }
  if (storage.failure !== undefined) list.push(storage.failure)
  const ids = storage.mappings.UIDMap.reduce((sum, { size }) => sum + size, 0)
  say(ids === 1, 'containers have one user id only', 'an administrator runs: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER')
  say(storage.driver === 'vfs', 'the vfs driver copies every layer', 'Linux 5.11 or newer, or fuse-overlayfs with a usable /dev/fuse')
  say(
    !host.fuse.usable,
    host.fuse.present ? `/dev/fuse is not yours to open (mode ${host.fuse.mode})` : '/dev/fuse is missing',
    host.fuse.present ? 'chmod 666 /dev/fuse' : 'modprobe fuse',
  )
  say(
    !host.tun.usable,
    host.tun.present
      ? `/dev/net/tun is not yours to open (mode ${host.tun.mode}): no network but none and host`
      : '/dev/net/tun is missing: no network but none and host',
    host.tun.present ? 'chmod 666 /dev/net/tun' : 'modprobe tun',
  )
  for (const name of ['newuidmap', 'slirp4netns', 'fuse-overlayfs'] as const)
    say(host.helpers[name] === undefined, `${name} is not installed`, 'hack/setup-host installs it')
  const v2 = cgroup.layout === 'unified'
  say(!v2, `limits can't be enforced: cgroups are ${cgroup.layout}, not version 2`, 'boot with systemd.unified_cgroup_hierarchy=1')
  say(
    v2 && cgroup.controllers.length === 0,
    "limits can't be enforced: no cgroup is delegated to you",
    'log in through PAM (ssh, su -), or loginctl enable-linger USER',
  )
  return list
}
