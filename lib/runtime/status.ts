import type { Phase } from '../system/trace.ts'
import { entryType, statusTag, traceLane } from './protocol.ts'
import { FieldReader, type WireRecord } from './wire.ts'

/** What the runtime says of a step that failed; see `enum status_tag` in native/runtime/protocol.h. */
export interface Failure {
  stage: string
  /** Positive errno, 0 where no system call failed. */
  errno: number
  /** The failed call with its arguments. */
  call: string
  /** The path, program, port or id that it was about. */
  subject: string
  /** A helper's own words. */
  detail: string
}

export type Status =
  | { kind: 'started'; pid: number; startTime: number; cgroup: string }
  | { kind: 'exited'; code: number; oomKilled: boolean }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'warning'; failure: Failure }
  | { kind: 'done'; entries: number; bytes: number }
  | { kind: 'found'; found: Found | undefined }
  | { kind: 'trace'; phase: Phase }

/** A file that was looked for. */
export interface Found {
  type: keyof typeof entryType
  /** Permission bits. */
  mode: number
  size: number
  /** Seconds. */
  mtime: number
  /** Text of a symbolic link. */
  link: string
}

/** A status record as an object; RangeError for one that is none. */
export function decodeStatus({ tag, payload }: WireRecord): Status {
  const read = new FieldReader(payload)
  switch (tag) {
    case statusTag.STARTED:
      return { kind: 'started', pid: read.u(), startTime: read.u(), cgroup: read.s() }
    case statusTag.EXITED:
      return { kind: 'exited', code: read.u(), oomKilled: read.u() === 1 }
    case statusTag.FAILED:
      return { kind: 'failed', failure: decodeFailure(read) }
    case statusTag.WARNING:
      return { kind: 'warning', failure: decodeFailure(read) }
    case statusTag.DONE:
      return { kind: 'done', entries: read.u(), bytes: read.u() }
    case statusTag.FOUND:
      return { kind: 'found', found: decodeFound(read) }
    case statusTag.TRACE:
      return { kind: 'trace', phase: { lane: laneNames.get(read.u())!, name: read.s(), begin: read.u(), end: read.u() } }
    default:
      throw new RangeError(`unknown status record ${tag}`)
  }
}

function decodeFound(read: FieldReader): Found | undefined {
  const type = read.u()
  const found = { type: typeNames.get(type)!, mode: read.u(), size: read.u(), mtime: read.i(), link: read.s() }
  return type === 0 ? undefined : found
}

const typeNames = new Map(Object.entries(entryType).map(([name, number]) => [number as number, name as keyof typeof entryType]))

const laneNames = new Map(Object.entries(traceLane).map(([name, number]) => [number as number, name as keyof typeof traceLane]))

const decodeFailure = (read: FieldReader): Failure => ({
  stage: read.s(),
  errno: read.u(),
  call: read.s(),
  subject: read.s(),
  detail: read.s(),
})
