import { LichenError } from '../system/errors.ts'
import { mountTarget } from './mount-target.ts'
import type { OciMount } from './spec.ts'
import type { SourceMount } from './spec-input.ts'

/** Mount options of ours beside the specification's; "x-" marks what is not the kernel's, as in fstab(5). */
export const COPY_UP = 'x-copy-up'
export const CREATE_SOURCE = 'x-create-source'
export const CHOWN = 'x-chown'
export const SUBPATH = 'x-subpath='

const passed = /^(no)?(exec|suid|dev)$/
const propagation = /^r?(private|slave|shared)$/
/** SELinux labels, which are not set; and what is the default. */
const ignored = new Set(['z', 'Z', 'U', 'copy', 'bind', 'rbind', 'nocopy', 'bind-nonrecursive'])
const subpath = /^subpath=/

/** A bind mount or a volume. Throws UNSUPPORTED_MOUNT_OPTION, BAD_MOUNT_TARGET. */
export function volumeMount(mount: SourceMount, warn: (line: string) => void): OciMount {
  const { options, source, readOnly } = mount
  const destination = mountTarget({ destination: mount.target, type: 'bind', source })
  const recursive = !options.includes('bind-nonrecursive') && !options.includes('bind')
  const spread = options.findLast((option) => propagation.test(option)) ?? 'rprivate'
  if (/shared/.test(spread))
    warn(`${destination}: what is mounted in the container does not reach the host, ${spread} or not: only the host's mounts reach the container`)
  const flags = passedOptions(options, destination)
  // Read only means all of it: Docker, too, includes what is mounted below.
  if (readOnly) flags.push(recursive ? 'rro' : 'ro')
  if (mount.type === 'volume' && !options.includes('nocopy')) flags.push(COPY_UP)
  if (mount.createSource) flags.push(CREATE_SOURCE)
  if (options.includes('U')) flags.push(CHOWN)
  flags.push(...subpathOption(options))
  return { destination, type: 'bind', source, options: [recursive ? 'rbind' : 'bind', spread, ...flags] }
}

/** Those that a mount of the kernel has, too. Throws UNSUPPORTED_MOUNT_OPTION. */
export function passedOptions(options: readonly string[], destination: string): string[] {
  for (const option of options) {
    if (!passed.test(option) && !propagation.test(option) && !ignored.has(option) && !subpath.test(option)) throw unsupported(option, destination)
  }
  return options.filter((option) => passed.test(option))
}

/** Throws BAD_SUBPATH. */
export function subpathOption(options: readonly string[]): string[] {
  const below = options.findLast((option) => subpath.test(option))
  return below === undefined ? [] : [`${SUBPATH}${volumeSubpath(below.slice('subpath='.length))}`]
}

/** Throws BAD_SUBPATH in Docker's words. Links are for the runtime, which follows none out of the volume. */
function volumeSubpath(path: string): string {
  if (path.startsWith('/') || path === '' || path.split('/').includes('..')) {
    throw new LichenError(`subpath must be a relative path within the volume: ${JSON.stringify(path)}`, {
      code: 'BAD_SUBPATH',
      hint: 'a folder or file that is in the volume',
    })
  }
  return path
}

function unsupported(option: string, destination: string): LichenError {
  const hints: Record<string, string> = {
    O: 'a volume that forgets its changes: use a container without a volume, or --tmpfs',
    idmap: "map the container's user to your own instead: --userns keep-id:uid=UID,gid=GID",
  }
  const hint = hints[option.split('=', 1)[0] ?? '']
  return new LichenError(`mount option ${JSON.stringify(option)} of ${destination} is not supported`, {
    code: 'UNSUPPORTED_MOUNT_OPTION',
    ...(hint === undefined ? {} : { hint }),
  })
}
