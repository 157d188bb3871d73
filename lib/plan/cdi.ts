import { LichenError } from '../system/errors.ts'

/** A file of the Container Device Interface, 0.3 and later, as far as it is read. */
export interface CdiSpec {
  cdiVersion?: string
  /** vendor/class */
  kind: string
  devices: { name: string; containerEdits?: CdiEdits }[]
  containerEdits?: CdiEdits
}

export interface CdiEdits {
  env?: string[]
  deviceNodes?: { path: string; hostPath?: string; permissions?: string }[]
  mounts?: { hostPath: string; containerPath: string; options?: string[]; type?: string }[]
  hooks?: { hookName?: string; path: string; args?: string[] }[]
}

/** What devices change in a container. */
export interface DeviceEdits {
  env: string[]
  /** As of --device. */
  devices: { source: string; target: string }[]
  mounts: { source: string; target: string; options: string[] }[]
  /** Folders whose libraries the program is to find. */
  libraries: string[]
}

/** vendor.com/class=device */
export const isCdiName = (text: string) => /^[A-Za-z0-9][A-Za-z0-9_.-]*\/[A-Za-z0-9][A-Za-z0-9_.-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*$/.test(text)

/** Throws NO_CDI_DEVICE, UNSUPPORTED_HOOK. `specs`: those of a later folder come later, and win. */
export function cdiEdits(names: readonly string[], specs: readonly CdiSpec[]): DeviceEdits {
  const edits: DeviceEdits = { env: [], devices: [], mounts: [], libraries: [] }
  const used = new Set<CdiSpec>()
  for (const name of names) {
    const [kind = '', device = ''] = name.split('=')
    const spec = specs.findLast((candidate) => candidate.kind === kind && candidate.devices.some((entry) => entry.name === device))
    if (spec === undefined) throw unresolvable(name, specs)
    if (!used.has(spec)) apply(edits, spec.containerEdits ?? {}, name)
    used.add(spec)
    apply(edits, spec.devices.find((entry) => entry.name === device)?.containerEdits ?? {}, name)
  }
  return edits
}

function apply(edits: DeviceEdits, { env = [], deviceNodes = [], mounts = [], hooks = [] }: CdiEdits, name: string): void {
  edits.env.push(...env)
  for (const { path, hostPath } of deviceNodes) edits.devices.push({ source: hostPath ?? path, target: path })
  for (const { hostPath, containerPath, options = [] } of mounts) {
    if (!edits.mounts.some(({ target }) => target === containerPath)) edits.mounts.push({ source: hostPath, target: containerPath, options })
  }
  for (const { path, args = [] } of hooks) {
    const action = args.find((word) => stoodInFor.has(word))
    if (!/\/nvidia-(ctk|cdi-hook)$/.test(path) || action === undefined) throw unsupportedHook(name, path, args)
    for (const [at, word] of args.entries()) {
      if (word === '--folder' && action === 'update-ldcache') edits.libraries.push(...(args[at + 1] ?? '').split(':'))
      else if (word.startsWith('--folder=') && action === 'update-ldcache') edits.libraries.push(...word.slice('--folder='.length).split(':'))
    }
  }
}

/**
 * Hooks of NVIDIA's own specifications. Programs of the host that write into the container before it starts, as the user and without his id map, are what
 * lichen does not run; links to libraries are mounts beside them, their folders come to LD_LIBRARY_PATH, and devices have the modes of the host.
 */
const stoodInFor = new Set(['update-ldcache', 'create-symlinks', 'chmod', 'enable-cuda-compat', 'disable-device-node-modification'])

const unsupportedHook = (name: string, path: string, args: readonly string[]) =>
  new LichenError(`device ${name} wants ${path} to be run on the host (${args.slice(1).join(' ') || 'a hook'}): lichen runs no hooks`, {
    code: 'UNSUPPORTED_HOOK',
    hint: 'name the files of the device below /dev with --device, and its libraries with -v',
  })

function unresolvable(name: string, specs: readonly CdiSpec[]): LichenError {
  const known = specs.flatMap(({ kind, devices }) => devices.map((device) => `${kind}=${device.name}`))
  const hint =
    known.length > 0
      ? `known: ${[...new Set(known)].join(' ')}`
      : 'there are no specifications in /etc/cdi, /var/run/cdi and ~/.config/cdi; NVIDIA: nvidia-ctk cdi generate --output=$HOME/.config/cdi/nvidia.yaml'
  return new LichenError(`unresolvable CDI devices ${name}`, { code: 'NO_CDI_DEVICE', hint })
}

/** Checks the form of a file's content. Throws TypeError. */
export function readCdiSpec(content: unknown): CdiSpec {
  const spec = content as CdiSpec | null
  if (typeof spec !== 'object' || spec === null || typeof spec.kind !== 'string' || !Array.isArray(spec.devices))
    throw new TypeError('it has no kind and devices')
  for (const part of [spec, ...spec.devices]) {
    const { env, deviceNodes, mounts, hooks } = part.containerEdits ?? {}
    for (const list of [env, deviceNodes, mounts, hooks])
      if (list !== undefined && list !== null && !Array.isArray(list)) throw new TypeError('containerEdits have a wrong form')
  }
  // null is YAML's empty list.
  const clean = (edits: CdiEdits | null | undefined): CdiEdits => Object.fromEntries(Object.entries(edits ?? {}).filter(([, value]) => value !== null))
  return {
    ...spec,
    containerEdits: clean(spec.containerEdits),
    devices: spec.devices.map((device) => ({ name: String(device.name), containerEdits: clean(device.containerEdits) })),
  }
}
