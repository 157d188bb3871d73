import { readFileSync } from './fs.ts'

/** Variable by which a lichen that is called inside of `lichen unshare` learns where it is. */
export const UNSHARED = 'LICHEN_UNSHARED'

/** What `lichen unshare` has opened by the user's own rights; inside it is not looked for again, for there everybody's uid is 0. */
export interface Unshared {
  data: string
  run: string
  /** `--storage-driver` that it was called with, or the configuration's. */
  driver?: string | undefined
  /** Pid of the `lichen unshare` outside. */
  owner: number
}

/** Undefined where this process is not inside of `lichen unshare`, whatever the variable says. */
export function insideUnshare(): Unshared | undefined {
  const text = process.env[UNSHARED]
  if (text === undefined || process.geteuid?.() !== 0) return undefined
  const map = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)
  // The first user namespace: somebody has only set the variable, and root may not be taken in by it.
  if (map.join(' ') === '0 0 4294967295') return undefined
  try {
    const { data, run, owner, driver } = JSON.parse(text) as Partial<Unshared>
    if (data?.startsWith('/') && run?.startsWith('/') && Number.isSafeInteger(owner)) return { data, run, owner: owner!, driver }
  } catch {
    // As one that says nothing.
  }
  return undefined
}
