import { imageMount } from './image-mount.ts'
import { mountTarget } from './mount-target.ts'
import type { CreateOptions } from './options.ts'
import type { OciMount } from './spec.ts'
import { deviceMounts } from './spec-devices.ts'
import type { SourceMount, SpecInput } from './spec-input.ts'
import { systemMounts } from './system-mounts.ts'
import { tmpfsOptions } from './tmpfs-options.ts'
import { COPY_UP, volumeMount } from './volume-mount.ts'

/** Everything that is mounted over the root file system, in order: the system's own, then the user's from the root down. */
export function specMounts(input: SpecInput): { mounts: OciMount[]; rootfsPropagation: string | undefined; warnings: string[] } {
  const { options } = input
  const warnings: string[] = []
  const mounted = input.mounts.map((mount) => (mount.type === 'tmpfs' ? tmpfsVolume(mount) : sourceMount(mount, (line) => warnings.push(line))))
  const own = [...mounted, ...tmpfsMounts(options), ...deviceMounts(input)]
  const taken = new Set(own.map(({ destination }) => destination))
  const files = networkFiles(input).filter(({ destination }) => !taken.has(destination))
  const system = systemMounts(input).filter(({ destination }) => !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/')))
  const mounts = [...(options.privileged ? system.map(writable) : system), ...byDepth([...files, ...own])]
  const propagation = own.flatMap((mount) => mount.options ?? [])
  const rootfsPropagation = propagation.some((option) => /^r?shared$/.test(option))
    ? 'shared'
    : propagation.some((option) => /^r?slave$/.test(option))
      ? 'rslave'
      : undefined
  return { mounts, rootfsPropagation, warnings }
}

/** What is mounted from outside. */
export const sourceMount = (mount: SourceMount, warn: (line: string) => void): OciMount =>
  mount.layers === undefined ? volumeMount(mount, warn) : imageMount(mount)

const writable = (mount: OciMount): OciMount => ({ ...mount, options: (mount.options ?? []).filter((option) => !/^r?ro$/.test(option)) })

/** What is mounted on /a/b must come after what is mounted on /a. */
const byDepth = (mounts: OciMount[]) =>
  mounts
    .map((mount) => ({ mount, depth: mount.destination.split('/').length }))
    .sort((a, b) => a.depth - b.depth)
    .map(({ mount }) => mount)

function networkFiles({ files, options }: SpecInput): OciMount[] {
  const mode = options.readOnly ? ['ro'] : []
  const bind = (destination: string, source: string): OciMount => ({ destination, type: 'bind', source, options: ['bind', 'rprivate', ...mode] })
  return [
    ...(options.dns.includes('none') ? [] : [bind('/etc/resolv.conf', files.resolvConf)]),
    ...(options.noHostname ? [] : [bind('/etc/hostname', files.hostname)]),
    ...(['none', 'image'].includes(options.hostsFile ?? '') ? [] : [bind('/etc/hosts', files.hosts)]),
  ]
}

const tmpfs = (target: string, text: string): OciMount => ({
  destination: mountTarget({ destination: target, type: 'tmpfs', source: '' }),
  type: 'tmpfs',
  source: 'tmpfs',
  options: tmpfsOptions(text),
})

/** It is new with every start, and takes over what the image has there every time. */
function tmpfsVolume({ target, readOnly, options }: SourceMount): OciMount {
  const mount = tmpfs(target, [...options.filter((option) => !/^(no)?copy$/.test(option)), ...(readOnly ? ['ro'] : [])].join(','))
  return options.includes('nocopy') ? mount : { ...mount, options: [...(mount.options ?? []), COPY_UP] }
}

/** `--tmpfs` and `--mount type=tmpfs`. Throws BAD_TMPFS_OPTION, BAD_MOUNT_TARGET. */
export function tmpfsMounts(options: Pick<CreateOptions, 'tmpfs' | 'volumes'>): OciMount[] {
  const mounted = options.volumes
    .filter(({ type }) => type === 'tmpfs')
    .map(({ target, readOnly, options: more }) =>
      tmpfs(target, [...more.map((option) => option.replace(/^tmpfs-/, '')), ...(readOnly ? ['ro'] : [])].join(',')),
    )
  return [...Object.entries(options.tmpfs).map(([target, text]) => tmpfs(target, text)), ...mounted]
}
