import type { Identity } from '../plan/plan.ts'
import { addon } from './addon.ts'
import type { Context } from './context.ts'
import { LichenError } from './errors.ts'
import { type IdRange, mapIdentity, parseAllSubids, parseGetsubids, parseSubids, parseUserns, type UsernsMode } from './map-identity.ts'
import { findProgram, installLine } from './programs.ts'
import { warnOncePerBoot } from './say-once.ts'
import { readFile, stat } from './small-files.ts'
import { capture } from './spawn.ts'
import { insideUnshare } from './unshared.ts'

/**
 * The id maps of this user for `--userns` (default: container root is the user, the subordinate ids follow). Ranges are
 * read afresh by each command, once. Without a range: the one own id, and supplementary groups stay.
 * Throws BAD_USERNS, NO_UIDMAP, NO_SUBUIDS.
 */
export function hostIdentity(context: Context, userns = ''): Promise<Identity> {
  const known = identities.get(context) ?? new Map<string, Promise<Identity>>()
  identities.set(context, known)
  const identity = known.get(userns) ?? findIdentity(context, userns)
  known.set(userns, identity)
  return identity
}

const identities = new WeakMap<Context, Map<string, Promise<Identity>>>()

async function findIdentity(context: Context, userns: string): Promise<Identity> {
  const mode = parseUserns(userns)
  if (mode === undefined) {
    throw new LichenError('--userns: invalid USER mode', {
      code: 'BAD_USERNS',
      hint: `not understood: ${JSON.stringify(userns)}; there are host, nomap, keep-id and keep-id:uid=UID,gid=GID`,
    })
  }
  const uid = process.geteuid?.() ?? 0
  if (insideUnshare() !== undefined) return identityInside(mode)
  return uid === 0 ? rootIdentity(mode) : userIdentity(context, mode, uid, process.getegid?.() ?? uid)
}

async function userIdentity(context: Context, mode: UsernsMode, uid: number, gid: number): Promise<Identity> {
  const { subuids, subgids } = await subordinateIds(uid)
  if (subuids.length === 0 || subgids.length === 0) {
    if (mode.kind === 'nomap') {
      throw new LichenError('--userns nomap needs subordinate ids, and you have none', { code: 'NO_SUBUIDS', hint: subidHint(uid) })
    }
    await warnOncePerBoot(context, 'single-id', () => `you have no subordinate ids: containers have one user and one group. ${subidHint(uid)}`)
    return { ...mapIdentity({ mode, uid, gid, subuids: [], subgids: [] }), newuidmap: undefined, newgidmap: undefined, denySetgroups: true }
  }
  const [newuidmap, newgidmap] = await Promise.all(['newuidmap', 'newgidmap'].map(setuidHelper))
  return { ...mapIdentity({ mode, uid, gid, subuids, subgids }), newuidmap, newgidmap, denySetgroups: false }
}

const subidHint = (uid: number) => {
  const name = addon.passwordEntry({ uid })?.name ?? String(uid)
  return `To have more, an administrator runs: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name} (a range that nobody else has)`
}

async function setuidHelper(name: string): Promise<string> {
  const path = await findProgram(name)
  if (path === undefined) throw new LichenError(`${name} is not installed`, { code: 'NO_UIDMAP', hint: await installLine(name) })
  const status = await stat(path)
  const setuidRoot = (status.mode & 0o4000) !== 0 && status.uid === 0
  if (setuidRoot || addon.getxattr({ path, name: 'security.capability' }) !== undefined) return path
  throw new LichenError(`${path} is neither setuid root nor has it file capabilities: it can't map ids`, {
    code: 'NO_UIDMAP',
    hint: `sudo chmod u+s ${path}, or install it anew: ${await installLine(name)}`,
  })
}

/** From the files, or from where nsswitch.conf sends the question. */
async function subordinateIds(uid: number): Promise<{ subuids: IdRange[]; subgids: IdRange[] }> {
  const [subuid, subgid, nsswitch] = await Promise.all(['/etc/subuid', '/etc/subgid', '/etc/nsswitch.conf'].map(readOrEmpty))
  const service = /^subid:\s*(\S+)/m.exec(nsswitch ?? '')?.[1] ?? 'files'
  const name = addon.passwordEntry({ uid })?.name
  const subuids = parseSubids(subuid ?? '', name, uid)
  const subgids = parseSubids(subgid ?? '', name, uid)
  const known = subuids.length > 0 && subgids.length > 0
  if (known || service === 'files' || name === undefined) return { subuids, subgids }
  const getsubids = await findProgram('getsubids')
  if (getsubids === undefined) return { subuids, subgids }
  const [uids, gids] = await Promise.all([
    capture({ file: getsubids, argv: ['getsubids', name] }),
    capture({ file: getsubids, argv: ['getsubids', '-g', name] }),
  ])
  return { subuids: parseGetsubids(uids.stdout), subgids: parseGetsubids(gids.stdout) }
}

/**
 * The last 65536 of the ids that systemd sets aside for containers (systemd.io/UIDS-GIDS). Always the same ones, since
 * files of the store belong to them.
 */
const ROOT_RANGE: IdRange = { start: 1879048192 - 65536, count: 65536 }

/**
 * Root's containers get ids that are nobody's, and none of the host's own: root's entry in /etc/subuid, else that of
 * the user `containers` (podman's custom), else ROOT_RANGE. Root of an enclosing user namespace
 * takes what that one has beyond its own root.
 */
async function rootIdentity(mode: UsernsMode): Promise<Identity> {
  if (mode.kind === 'keep-id') {
    throw new LichenError("--userns keep-id is for users: as root it would give the container the host's root", { code: 'BAD_USERNS' })
  }
  const [uids, gids] = await Promise.all([rootRanges('uid'), rootRanges('gid')])
  const map = (ranges: IdRange[]) => mapIdentity({ mode: { kind: 'nomap' }, uid: 0, gid: 0, subuids: ranges, subgids: ranges })
  return {
    uidMappings: map(uids).uidMappings,
    gidMappings: map(gids).gidMappings,
    newuidmap: undefined,
    newgidmap: undefined,
    denySetgroups: false,
  }
}

async function rootRanges(kind: 'uid' | 'gid'): Promise<IdRange[]> {
  const enclosing = parseIdMap(await readOrEmpty(`/proc/self/${kind}_map`))
  const within = enclosing.length === 1 && enclosing[0]?.count === 4294967295 ? undefined : enclosing
  if (within !== undefined) return nestedRanges(within, kind)
  const text = await readOrEmpty(`/etc/sub${kind}`)
  for (const [name, id] of [
    ['root', 0],
    ['containers', Number.NaN],
  ] as const) {
    const ranges = parseSubids(text, name, id).filter(({ start }) => start > 0)
    if (ranges.length > 0) return ranges
  }
  const taken = parseAllSubids(text).find(({ start, count }) => start < ROOT_RANGE.start + ROOT_RANGE.count && ROOT_RANGE.start < start + count)
  if (taken !== undefined) {
    throw new LichenError(`root has no subordinate ids, and the range that lichen would take is ${taken.owner}'s in /etc/sub${kind}`, {
      code: 'NO_SUBUIDS',
      hint: 'usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST root',
    })
  }
  return [ROOT_RANGE]
}

function nestedRanges(enclosing: IdRange[], kind: string): IdRange[] {
  const ranges = enclosing.map(({ start, count }) => (start === 0 ? { start: 1, count: count - 1 } : { start, count })).filter(({ count }) => count > 0)
  if (ranges.length > 0) return ranges
  throw new LichenError(`the user namespace around this one has a single ${kind}: none is left for a container`, {
    code: 'NO_SUBUIDS',
    hint: 'start the outer container with more ids, or run lichen outside of it',
  })
}

/** Inside of `lichen unshare` the map of the store is that of the namespace itself, handed on id by id. */
async function identityInside(mode: UsernsMode): Promise<Identity> {
  if (mode.kind !== 'default') throw new LichenError('inside of lichen unshare there is no --userns', { code: 'BAD_USERNS', hint: 'call lichen outside of it' })
  const [uids, gids] = await Promise.all(['uid', 'gid'].map(async (kind) => parseIdMap(await readOrEmpty(`/proc/self/${kind}_map`))))
  const asIs = (ranges: IdRange[]) => ranges.map(({ start, count }) => ({ container: start, host: start, size: count }))
  const denySetgroups = (await readOrEmpty('/proc/self/setgroups')).trim() === 'deny'
  return { uidMappings: asIs(uids!), gidMappings: asIs(gids!), newuidmap: undefined, newgidmap: undefined, denySetgroups }
}

/** The inner side of /proc/self/uid_map. */
const parseIdMap = (text: string): IdRange[] =>
  text.split('\n').flatMap((line) => {
    const [start, , count] = line.trim().split(/\s+/)
    return count === undefined ? [] : [{ start: Number(start), count: Number(count) }]
  })

const readOrEmpty = (path: string) => readFile(path, 'utf8').catch(() => '')
