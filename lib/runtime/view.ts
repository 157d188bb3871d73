import { closeSync } from 'node:fs'
import type { ChangesPlan, Identity, UnshareOperation, View } from '../plan/plan.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import type { Found } from './status.ts'
import { type ApplyStream, feed, outcome, start, type Unshared } from './unshare.ts'

export type { Found } from './status.ts'

/** Somebody's files, and under whose ids they are worked on. */
export interface ViewInput {
  context: Context
  identity: Identity
  view: View
}

/** Nobody's map: work by the rights of the user, in no namespace. */
export const noIdentity: Identity = { uidMappings: [], gidMappings: [], newuidmap: undefined, newgidmap: undefined, denySetgroups: false }

/** What is at each of the paths; undefined: nothing. A link at the end of a path is followed where that is wished, unless it dangles. */
export async function statFiles(input: ViewInput & { paths: string[]; follow: boolean }): Promise<(Found | undefined)[]> {
  const { view, paths, follow } = input
  const found: (Found | undefined)[] = []
  await outcome(start(input, { kind: 'stat', view, paths, follow }, []), (one) => found.push(one))
  return found
}

/** What a program in the container has written is where the driver keeps it: the kernel holds it back where fuse-overlayfs is to write. */
export async function syncFiles(input: ViewInput): Promise<void> {
  await outcome(start(input, { kind: 'stat', view: input.view, paths: [], follow: false, sync: true }, []))
}

export interface PackInput extends ViewInput {
  path: string
  /** Of the path in the stream; "": it stands for itself, and its entries come without it in front. */
  name: string
  follow: boolean
}

export interface UnpackInput extends ViewInput {
  directory: string
  owners: boolean
  confined: boolean
  archive?: boolean
  top?: boolean
}

const packing = ({ view, path, name, follow }: PackInput): UnshareOperation => ({ kind: 'pack', view, path, name, follow })
const unpacking = ({ view, directory, owners, confined, archive = false, top = false }: UnpackInput) =>
  ({ kind: 'unpack', view, directory, owners, confined, archive, top }) as const

/**
 * Copies files from one place to another, from runtime to runtime: nothing of them comes through here. Gives what it would take as a
 * tar. Throws what explainFailure makes of a failure, that of the reader first.
 */
export async function copyFiles(from: PackInput, to: UnpackInput): Promise<Unshared> {
  const [read, write] = addon.pipe({})
  let unpacker: ReturnType<typeof start>
  try {
    unpacker = start(to, unpacking(to), [[0, read]])
  } catch (error) {
    closeSync(write)
    throw error
  } finally {
    closeSync(read)
  }
  let packer: ReturnType<typeof start>
  try {
    packer = start(from, packing(from), [[1, write]])
  } catch (error) {
    closeSync(write)
    await outcome(unpacker).catch(() => undefined)
    throw error
  }
  closeSync(write)
  const [packed, unpacked] = await Promise.allSettled([outcome(packer), outcome(unpacker)])
  // Who reads no more has said why; who gets no more has nothing to say.
  if (packed.status === 'rejected' && !isCutOff(packed.reason)) throw packed.reason
  if (unpacked.status === 'rejected') throw unpacked.reason
  if (packed.status === 'rejected') throw packed.reason
  return packed.value
}

const isCutOff = (error: unknown) => (error as { code?: string }).code === 'READER_GONE'

/** Entry records, to their end; throws what explainFailure makes of a failure. */
export const packFiles = (input: PackInput): AsyncGenerator<Buffer, Unshared, void> => records(input, packing(input))

/** What differs from the layers below, as entry or change records. */
export const packChanges = (input: Omit<ViewInput, 'view'> & { changes: ChangesPlan }): AsyncGenerator<Buffer, Unshared, void> =>
  records(input, { kind: 'changes', changes: input.changes })

/** How much that is: entries, and bytes in files. */
export const measureChanges = (input: Omit<ViewInput, 'view'> & { changes: Omit<ChangesPlan, 'output'> }): Promise<Unshared> =>
  outcome(start(input, { kind: 'changes', changes: { ...input.changes, output: 'count' } }, []))

/** Takes entries into a directory. */
export const unpackFiles = (input: UnpackInput): ApplyStream => feed(input, unpacking(input))

async function* records(input: Omit<ViewInput, 'view'>, operation: UnshareOperation): AsyncGenerator<Buffer, Unshared, void> {
  const [read, write] = addon.pipe({})
  let worker: ReturnType<typeof start>
  try {
    worker = start(input, operation, [[1, write]])
  } catch (error) {
    closeSync(read)
    throw error
  } finally {
    closeSync(write)
  }
  const done = outcome(worker)
  // It is looked at in its turn.
  done.catch(() => {})
  try {
    for (let chunk = await addon.readFd({ fd: read, size: 1 << 20 }); chunk !== null; chunk = await addon.readFd({ fd: read, size: 1 << 20 })) yield chunk
  } finally {
    // Where nobody wants the rest, this ends the runtime.
    closeSync(read)
  }
  return await done
}
