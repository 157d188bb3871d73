import { addon } from '../system/addon.ts'
import { closeSync, writeSync } from '../system/fs.ts'
import { holdTerminal } from './terminal.ts'

export interface AttachOptions {
  /** Speaks the attach protocol. Stays the caller's. */
  socketFd: number
  /** -1: not attached; so the next two. */
  stdin: number
  stdout: number
  stderr: number
  /** The process has a pty: the user's terminal, where there is one, gets out of the way, and keys can detach. */
  tty: boolean
  /** Empty: none. */
  detachKeys: Uint8Array
  /** Has the program draw its screen afresh, as `attach` wants it of one that has been running. */
  redraw?: boolean
}

/** `closed`: nobody reads our stdout or stderr any more (`| head`); the process goes on. `lost`: its monitor was killed. */
export type AttachResult = { kind: 'exited'; code: number } | { kind: 'detached' } | { kind: 'closed' } | { kind: 'lost' }

/** Is the process's stdin, stdout and stderr until it ends, the user detaches, or one side goes away. */
export async function attachStreams(options: AttachOptions): Promise<AttachResult> {
  const { socketFd, stdin, stdout, stderr, tty } = options
  if (!tty) return addon.relay({ socketFd, controlFd: -1, stdin, stdout, stderr, detachKeys: new Uint8Array() })
  const [control, tellSize] = addon.pipe({})
  const terminal = [stdin, stdout, stderr].find((fd) => fd >= 0 && addon.isTerminal({ fd }))
  const sendSize = (extra = 0) => {
    if (terminal === undefined) return
    const { rows, columns } = addon.windowSize({ fd: terminal })
    if (rows > 0 && columns > 0) writeSync(tellSize, sizeRecord(rows + extra, columns + extra))
  }
  const letGo = holdTerminal(stdin >= 0 && addon.isTerminal({ fd: stdin }) ? stdin : undefined, sendSize)
  try {
    // A program is told of its size only where that changes.
    if (options.redraw) sendSize(1)
    sendSize()
    return await addon.relay({ socketFd, controlFd: control, stdin, stdout, stderr, detachKeys: options.detachKeys })
  } finally {
    letGo()
    for (const fd of [control, tellSize]) closeSync(fd)
  }
}

function sizeRecord(rows: number, columns: number): Buffer {
  const record = Buffer.alloc(8)
  record.writeUInt32LE(rows, 0)
  record.writeUInt32LE(columns, 4)
  return record
}
