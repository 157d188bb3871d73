import { readSome } from '../system/descriptors.ts'
import { closeSync, writeSync } from '../system/fs.ts'
import { controlTag } from './protocol.ts'
import { decodeStatus, type Status } from './status.ts'
import { encodeRecord, recordSplitter } from './wire.ts'

/** The launcher's end of the status socket. */
export interface StatusConnection {
  /** The next status; undefined when the runtime has closed its end. */
  next(): Promise<Status | undefined>
  /** The service manager has placed the monitor: go on. */
  go(): Promise<void>
  /** The container is removed, or (`discarded`) out of sight, with its folder left for the monitor to delete. */
  cleaned(word: 'removed' | 'discarded'): Promise<void>
  close(): Promise<void>
}

/** Blocking reads: no stream set-up on the way of a start, and the same in Node and in Bun. */
export function statusConnection(fd: number): StatusConnection {
  const split = recordSplitter()
  const buffer = Buffer.alloc(16 * 1024)
  const waiting: Status[] = []
  return {
    async next() {
      while (waiting.length === 0) {
        const bytesRead = await readSome(fd, buffer)
        if (bytesRead === 0) return undefined
        waiting.push(...split(Buffer.from(buffer.subarray(0, bytesRead))).map(decodeStatus))
      }
      return waiting.shift()
    },
    async go() {
      writeSync(fd, encodeRecord(controlTag.GO))
    },
    async cleaned(word) {
      writeSync(fd, encodeRecord(word === 'removed' ? controlTag.CLEANED : controlTag.DISCARDED))
    },
    async close() {
      closeSync(fd)
    },
  }
}
