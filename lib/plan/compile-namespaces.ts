import type { NamespaceKind } from './plan.ts'
import type { OciNamespaceType, OciSpec } from './spec.ts'
import { unsupported } from './unsupported.ts'

const kinds: Partial<Record<OciNamespaceType, NamespaceKind>> = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid',
  network: 'net',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
}

export interface CompiledNamespaces {
  create: NamespaceKind[]
  /** The user namespace first: the rights over the others come with it. */
  join: { kind: NamespaceKind; path: string }[]
}

/** Throws UNSUPPORTED_SPEC for a type that is unknown, named twice, or missing though it is needed. */
export function compileNamespaces({ linux }: OciSpec): CompiledNamespaces {
  const create: NamespaceKind[] = []
  const join: CompiledNamespaces['join'] = []
  for (const { type, path } of linux?.namespaces ?? []) {
    const kind = kinds[type]
    if (kind === undefined) throw unsupported(`linux.namespaces: ${JSON.stringify(type)}`)
    if (create.includes(kind) || join.some((other) => other.kind === kind)) throw unsupported(`linux.namespaces: ${JSON.stringify(type)}`, 'is there twice')
    if (path === undefined || path === '') create.push(kind)
    else join.push({ kind, path })
  }
  if (!create.includes('mnt')) throw unsupported('linux.namespaces', 'must have a new "mount"')
  return { create, join: join.sort((a, b) => Number(b.kind === 'user') - Number(a.kind === 'user')) }
}

/** Whether the container has a namespace of this type that is not the host's. */
export const hasNamespace = ({ linux }: OciSpec, type: OciNamespaceType) => (linux?.namespaces ?? []).some((namespace) => namespace.type === type)
