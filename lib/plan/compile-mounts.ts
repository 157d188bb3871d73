import { compileImageMount, isImageMount } from './image-mount.ts'
import { parseMountOptions, propagationBits } from './mount-options.ts'
import { mountTarget, normalPath } from './mount-target.ts'
import type { MountFlag, MountKind, MountPlan } from './plan.ts'
import type { OciDevice, OciMount, OciSpec } from './spec.ts'
import { basicDevices } from './spec-devices.ts'
import { unsupported } from './unsupported.ts'

/**
 * The mount table, in order: what the specification lists; the devices that every container has, right behind its /dev so that a user's
 * own mounts win; devices that are named; and last what is hidden, for nothing may be mounted over that.
 */
export function compileMounts(spec: OciSpec, { cgroupVersion }: { cgroupVersion: 1 | 2 }): MountPlan[] {
  const mounts = spec.mounts ?? []
  const steps: MountPlan[] = []
  const dev = mounts.findIndex(({ destination }) => normalPath(destination) === '/dev')
  // The image's own /dev is filled in as well; one that was bound from the host is left alone.
  if (dev === -1) steps.push(...basicDev())
  for (const [at, mount] of mounts.entries()) {
    if (isCgroup(mount) && cgroupVersion === 1) continue
    steps.push(...compileMount(mount, `mounts[${at}]`))
    if (at === dev && !isBind(mount)) steps.push(...basicDev())
  }
  steps.push(...(spec.linux?.devices ?? []).flatMap(compileDevice))
  for (const path of spec.linux?.readonlyPaths ?? []) steps.push(step('readonly', '', normalPath(path)))
  for (const path of spec.linux?.maskedPaths ?? []) steps.push(step('mask', '', normalPath(path)))
  return steps
}

export const compileLinks = (links: readonly { path: string; text: string }[]): MountPlan[] =>
  links.map(({ path, text }) => ({ ...step('symlink', text, path), flags: ['optional'] }))

/** What is mounted in a container from outside, for a look at its files: what is missing is left out. */
export const compileVolumes = (mounts: OciMount[]): MountPlan[] =>
  mounts
    .flatMap((mount) => compileMount(mount, `mount ${mount.destination}`))
    .map((each) => ({ ...each, flags: [...each.flags.filter((flag) => flag !== 'chown' && flag !== 'optional'), 'optional'] }))

function compileMount(mount: OciMount, field: string): MountPlan[] {
  if ((mount.uidMappings ?? mount.gidMappings ?? []).length > 0) throw unsupported(`${field}.uidMappings`)
  const options = parseMountOptions(mount.type, mount.options ?? [], (option) => {
    throw unsupported(`${field}.options: ${JSON.stringify(option)}`)
  })
  const source = mount.source ?? ''
  const type = options.bind ? 'bind' : isCgroup(mount) ? 'cgroup2' : (mount.type ?? '')
  if (type === '' || (options.bind && !source.startsWith('/')))
    throw unsupported(options.bind ? `${field}.source` : `${field}.type`, options.bind ? 'must be an absolute path' : 'is missing')
  const target = mountTarget({ destination: mount.destination, type, source })
  if (isImageMount(mount)) return [compileImageMount({ ...mount, destination: target }, options.attributes)]
  const flags: MountFlag[] = []
  if (options.recursive) flags.push('recursive')
  if (options.optional) flags.push('optional')
  if (options.copyUp) flags.push('copy-up')
  if (options.createSource) flags.push('create-source')
  if (options.chown) flags.push('chown')
  const { propagation = 'rprivate' } = options
  const ownStep = options.bind && /slave|shared/.test(propagation)
  if (ownStep) flags.push(propagation.endsWith('slave') ? 'slave' : 'shared')
  const steps = [
    {
      ...step(options.bind ? 'bind' : 'fs', options.bind ? source : type, target),
      data: options.bind ? options.subpath : options.data,
      attributes: options.attributes,
      flags,
    },
  ]
  // A new mount is private; anything else that no flag says is set afterwards.
  if (!ownStep && !propagation.endsWith('private')) steps.push({ ...step('propagation', '', target), mode: propagationBits[propagation] ?? 0 })
  return steps
}

/** Nodes are bound from the host: without root there is no mknod. */
function compileDevice({ type, path }: OciDevice, at: number): MountPlan[] {
  if (!['c', 'b', 'u'].includes(type)) throw unsupported(`linux.devices[${at}].type ${JSON.stringify(type)}`)
  if (basicDevices.includes(normalPath(path))) return []
  return [step('bind', path, mountTarget({ destination: path, type: 'bind', source: path }))]
}

const basicDev = (): MountPlan[] => [
  ...basicDevices.map((path): MountPlan => ({ ...step('bind', path, path), flags: ['optional'] })),
  step('symlink', '/proc/self/fd', '/dev/fd'),
  step('symlink', '/proc/self/fd/0', '/dev/stdin'),
  step('symlink', '/proc/self/fd/1', '/dev/stdout'),
  step('symlink', '/proc/self/fd/2', '/dev/stderr'),
  step('symlink', '/proc/kcore', '/dev/core'),
  step('symlink', 'pts/ptmx', '/dev/ptmx'),
]

const isBind = ({ type, options }: OciMount) => type === 'bind' || options?.includes('bind') || options?.includes('rbind')
const isCgroup = (mount: OciMount) => !isBind(mount) && (mount.type === 'cgroup' || mount.type === 'cgroup2')

const step = (kind: MountKind, source: string, target: string): MountPlan => ({ kind, source, target, data: '', attributes: [], flags: [], mode: 0 })
