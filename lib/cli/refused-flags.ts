import type { OptionTable } from './options.ts'
import { usageError } from './usage-error.ts'

interface Refused {
  type: 'boolean' | 'string'
  why: string
  /** The value that means what lichen does anyway. */
  harmless?: RegExp
}

const root = (what: string): Refused => ({ type: 'string', why: `${what} can't be set without the root of the host` })
const value = (why: string, harmless?: RegExp): Refused => ({ type: 'string', why, ...(harmless === undefined ? {} : { harmless }) })
const word = (why: string): Refused => ({ type: 'boolean', why })

/** Flags of `docker run` and `podman run` that lichen knows and can't honour, each with its reason. */
const refused: Readonly<Record<string, Refused>> = {
  authfile: value('credentials are read from $REGISTRY_AUTH_FILE and ~/.docker/config.json: lichen login'),
  'blkio-weight-device': root('weights of devices'),
  'cert-dir': value('certificates are found in ~/.config/containers/certs.d and kin: docs/registries.md'),
  cgroups: value('lichen has one way to use cgroups: leave the flag out', /^enabled$/),
  'cgroup-conf': value('--memory, --cpus, --pids-limit and kin are what lichen sets'),
  chrootdirs: value('name each file with -v'),
  'conmon-pidfile': value('the process that watches the container is .State.ConmonPid of inspect'),
  'cpu-rt-period': root('real-time budgets'),
  'cpu-rt-runtime': root('real-time budgets'),
  creds: value('log in first: lichen login REGISTRY'),
  'decryption-key': value('images are not decrypted'),
  'device-cgroup-rule': root('rules for devices'),
  'device-read-bps': root('rates of devices'),
  'device-read-iops': root('rates of devices'),
  'device-write-bps': root('rates of devices'),
  'device-write-iops': root('rates of devices'),
  'disable-content-trust': { type: 'boolean', why: '', harmless: /^/ },
  'image-volume': value("the image's volumes are anonymous volumes", /^(anonymous|bind)?$/),
  'init-ctr': value('there are no pods'),
  'init-path': value('the init is in the runtime itself: --init'),
  ip: value('slirp4netns gives every container 10.0.2.100: --network slirp4netns:cidr=ADDRESS/24 changes the network'),
  ip6: value('addresses are given by slirp4netns: --network slirp4netns:enable_ipv6=true'),
  isolation: value('that is for Windows', /^(default)?$/),
  'kernel-memory': value('the kernel has no such limit any more'),
  link: value('containers that are to reach each other share a network: --network container:NAME'),
  'link-local-ip': value('addresses are given by slirp4netns'),
  'memory-swappiness': value('cgroup version 2 has none'),
  'network-alias': value('no other container looks names up in this network: --network container:NAME shares one'),
  'no-hosts-file': word('say --no-hosts'),
  'oom-kill-disable': word('cgroup version 2 has no such switch'),
  personality: value('setarch inside the container does it'),
  pod: value('there are no pods'),
  'pod-id-file': value('there are no pods'),
  'preserve-fd': value('descriptors are handed down from 3 on: --preserve-fds'),
  'rdt-class': root('classes of caches'),
  requires: value('start the other container first'),
  rmi: word('remove the image afterwards: lichen rmi'),
  runtime: value('lichen has its own; GPUs: --device nvidia.com/gpu=all', /^(lichen-runtime|runc|crun)?$/),
  sdnotify: value('no readiness is told to systemd', /^ignore$/),
  'seccomp-policy': value('the profile comes from --security-opt seccomp=', /^default$/),
  'shm-size-systemd': value('there is no systemd mode'),
  'signature-policy': value('signatures are not checked'),
  'storage-opt': value('a quota needs the root of the host'),
  subgidname: value('your own ranges in /etc/subgid are used'),
  subuidname: value('your own ranges in /etc/subuid are used'),
  systemd: value('there is no systemd mode: an init of the image that needs one gets --tmpfs /run --tmpfs /run/lock', /^(false|true)$/),
  'tls-verify': value('"insecure-registries" in the configuration names registries without TLS', /^(true)?$/),
  'volume-driver': value('lichen has the driver local', /^(local)?$/),
}

/** An option table in which these (all of them, where none is named) are understood too, and not shown. */
export function withRefused<const T extends OptionTable>(table: T, names: readonly string[] = Object.keys(refused)): T {
  const entries = names
    .map((name) => [name, refused[name]!] as const)
    .map(([name, { type }]) => [name, { type, hidden: true, description: 'Refused, with the reason' }])
  return { ...(Object.fromEntries(entries) as OptionTable), ...table }
}

/** Throws USAGE for the first flag on the command line that would be without effect. */
export function refuseFlags(options: Readonly<Record<string, unknown>>, given: ReadonlySet<string>): void {
  for (const name of given) {
    const flag = refused[name]
    if (flag === undefined || flag.harmless?.test(String(options[name]))) continue
    throw usageError(`--${name} is not supported: ${flag.why}`)
  }
}
