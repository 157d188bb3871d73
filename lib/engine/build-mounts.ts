import { cp } from 'node:fs/promises'
import { posix } from 'node:path'
import { type BuildContext, notInContext, resolveInside } from '../build/context-files.ts'
import type { RunMount } from '../build/dockerfile/mount-flag.ts'
import { newScratch } from '../build/scratch.ts'
import type { VolumeMount } from '../container/record.ts'
import { SECRETS, secretTarget } from '../plan/secret-mounts.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { CacheWish } from './build-cache-mounts.ts'
import type { BuildSession } from './build-container.ts'
import type { ContainerSecrets } from './secrets.ts'

/** What a `from` means: layers of a stage or an image, bottom first, or a context. */
export interface Provenance {
  layers?: string[]
  files?: BuildContext
}

export interface MountSite {
  context: Context
  session: BuildSession
  files: BuildContext
  /** By the word behind `from`. */
  origins: ReadonlyMap<string, Provenance>
  secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents, by id. */
  ssh: ReadonlyMap<string, string>
}

/** What the mounts of a RUN come to. */
export interface StepMounts {
  mounts: VolumeMount[]
  /** Options by target. */
  tmpfs: Record<string, string>
  env: string[]
  /** They go to the runtime past all files. */
  secrets: ContainerSecrets
  caches: CacheWish[]
  /** Where something is mounted that is not among the others. */
  places: string[]
}

/** Throws NO_SECRET, NO_SSH, NOT_IN_CONTEXT, BAD_SECRET. */
export async function decideRunMounts(site: MountSite, wanted: readonly RunMount[], workdir: string): Promise<StepMounts> {
  const decided: StepMounts = { mounts: [], tmpfs: {}, env: [], secrets: { files: [], environment: [] }, caches: [], places: [] }
  for (const mount of wanted) await decide(site, mount, decided, mount.target === undefined ? '' : posix.resolve(workdir, mount.target))
  if (decided.secrets.files.length > 0) decided.places.push(SECRETS, ...decided.secrets.files.map(({ target }) => secretTarget(target)))
  return decided
}

export const bindMount = (source: string, target: string, readOnly: boolean): VolumeMount => ({
  type: 'bind',
  name: '',
  anonymous: false,
  source,
  target,
  readOnly,
  options: [],
})

async function decide(site: MountSite, mount: RunMount, decided: StepMounts, target: string): Promise<void> {
  switch (mount.type) {
    case 'tmpfs':
      decided.tmpfs[target] = mount.size === undefined ? '' : `size=${mount.size}`
      return
    case 'cache':
      decided.caches.push(cacheWish(site, mount, decided, target))
      return
    case 'secret':
      return decideSecret(site, mount, decided.secrets, target)
    case 'ssh':
      return decideSsh(site, mount, decided, target)
    case 'bind':
      decided.mounts.push(await boundMount(site, mount, target))
  }
}

/** Its folder is known when its lock is held. */
function cacheWish({ origins }: MountSite, { id, from, source, sharing, readOnly, mode, uid, gid }: RunMount, decided: StepMounts, target: string): CacheWish {
  const mount = bindMount('', target, readOnly)
  decided.mounts.push(mount)
  const begin = from === undefined ? undefined : origins.get(from)
  // As BuildKit: one that begins otherwise is another one.
  const began = begin === undefined ? [mode, uid, gid] : [begin.layers ?? begin.files?.root, source]
  const plain = began.every((value) => value === undefined)
  return {
    name: plain ? (id ?? target) : JSON.stringify([id ?? target, ...began]),
    sharing,
    mounts: [mount],
    content: begin === undefined ? undefined : { ...begin, path: source === '' ? '/' : source },
    mode: mode ?? 0o755,
    owner: uid === undefined && gid === undefined ? undefined : { uid: uid ?? 0, gid: gid ?? 0 },
  }
}

function decideSecret({ secrets }: MountSite, mount: RunMount, decided: ContainerSecrets, target: string): void {
  const id = mount.id ?? (mount.source === '' ? posix.basename(target) : mount.source)
  const content = secrets.get(id)
  if (content === undefined) {
    if (!mount.required) return
    throw new LichenError(`secret ${id}: not found`, { code: 'NO_SECRET', exitCode: 1, hint: `lichen build --secret id=${id},src=FILE` })
  }
  if (mount.env !== undefined) {
    if (content.includes(0)) throw new LichenError(`secret ${id} holds a NUL byte, which no environment variable can have`, { code: 'BAD_SECRET', exitCode: 1 })
    decided.environment.push(`${mount.env}=${content.toString()}`)
  }
  if (mount.env === undefined || target !== '')
    decided.files.push({ target: target === '' ? id : target, uid: mount.uid ?? 0, gid: mount.gid ?? 0, mode: mount.mode ?? 0o400, content })
}

function decideSsh({ ssh }: MountSite, mount: RunMount, decided: StepMounts, target: string): void {
  const id = mount.id ?? 'default'
  const socket = ssh.get(id)
  if (socket !== undefined) {
    const at = target === '' ? `/run/buildkit/ssh_agent.${decided.mounts.length}` : target
    decided.mounts.push(bindMount(socket, at, false))
    decided.env.unshift(`SSH_AUTH_SOCK=${at}`)
  } else if (mount.required) {
    throw new LichenError(`unset ssh forward key ${id}`, { code: 'NO_SSH', exitCode: 1, hint: `lichen build --ssh ${id}` })
  }
}

/** What a step writes into one is thrown away: it goes to an upper directory of the step's own, or to a copy. */
async function boundMount(site: MountSite, { from, source, readOnly }: RunMount, target: string): Promise<VolumeMount> {
  const { layers, files = site.files } = from === undefined ? {} : site.origins.get(from)!
  if (layers !== undefined) {
    if (layers.length === 0) throw notInContext(source, `${from} is empty`)
    const below = posix.normalize(`/${source}`).slice(1)
    const options = below === '' ? [] : [`subpath=${below}`]
    return { ...bindMount(from!, target, readOnly), type: 'image', options, image: { id: '', layers } }
  }
  const inside = resolveInside(files.root, source)
  if (inside === undefined) throw notInContext(source, `the context is ${files.root}`)
  const path = inside === '' ? files.root : `${files.root}/${inside}`
  if (readOnly) return bindMount(path, target, true)
  const copy = `${await newScratch(site.context, site.session.id)}/copy`
  await cp(path, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  return bindMount(copy, target, false)
}
