import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson, writeFileAtomic } from '../system/files.ts'
import { kernelRelease } from '../system/kernel.ts'
import { debug, warning } from '../system/log.ts'
import { findProgram, installLine } from '../system/programs.ts'
import { stat } from '../system/small-files.ts'
import { type Backing, backingOf } from './backing.ts'
import { fuseState } from './fuse.ts'
import { probeMount, whileProbing } from './probe.ts'

export type StorageDriver = 'overlay' | 'fuse-overlayfs' | 'vfs'

export interface ChosenDriver {
  driver: StorageDriver
  /** Why this one, for `lichen info`. */
  reason: string
}

interface ChooseInput {
  context: Context
  /** The store's. */
  identity: Identity
}

/**
 * The driver for new containers: the one that is pinned, else the first of overlay, fuse-overlayfs and vfs that really mounts. What
 * was found is remembered in the run folder, which a reboot empties, until what it depends on changes.
 * Throws DRIVER_UNUSABLE where the pinned one is not to be had.
 */
export async function chooseDriver({ context, identity }: ChooseInput): Promise<ChosenDriver> {
  const pinned = context.config['storage-driver']
  if (pinned === 'vfs') return { driver: 'vfs', reason: 'it is pinned' }
  const backing = backingOf(context.paths.data)
  const facts = await factsOf(context, backing, pinned)
  const known = await remembered(context, facts)
  if (known !== undefined) return known
  return whileProbing(context, async () => {
    const meanwhile = await remembered(context, facts)
    if (meanwhile !== undefined) return meanwhile
    const chosen = pinned === undefined ? await firstThatMounts({ context, identity }, backing) : await pinnedDriver({ context, identity }, backing, pinned)
    await writeFileAtomic(memory(context), JSON.stringify({ facts, chosen } satisfies Memory))
    if (chosen.driver === 'vfs') warning(`storage driver vfs: every container gets a copy of its whole image. ${chosen.reason}`)
    return chosen
  })
}

interface Memory {
  facts: string
  chosen: ChosenDriver
}

const memory = (context: Context) => `${context.paths.run}/storage-driver.json`

/** What the answer depends on. */
async function factsOf(context: Context, backing: Backing, pinned: string | undefined): Promise<string> {
  const [{ dev }, fuse, program] = await Promise.all([stat(context.paths.data), fuseState(), findProgram('fuse-overlayfs')])
  return [dev, backing.type, kernelRelease(), pinned ?? '', fuse, program ?? ''].join(' ')
}

async function remembered(context: Context, facts: string): Promise<ChosenDriver | undefined> {
  const memo = await readJson<Memory>(memory(context)).catch(() => undefined)
  return memo?.facts === facts ? memo.chosen : undefined
}

async function firstThatMounts(input: ChooseInput, backing: Backing): Promise<ChosenDriver> {
  const failures: string[] = []
  for (const driver of ['overlay', 'fuse-overlayfs'] as const) {
    const failure = await whyNot(input, backing, driver)
    if (failure === undefined) return { driver, reason: failures.length === 0 ? `the kernel mounts it on ${backing.name}` : failures.join('; ') }
    failures.push(`${driver}: ${failure.message}${failure.hint === undefined ? '' : ` (${failure.hint})`}`)
    debug(`storage driver ${failures.at(-1)}`)
  }
  return { driver: 'vfs', reason: failures.join('; ') }
}

async function pinnedDriver(input: ChooseInput, backing: Backing, driver: 'overlay' | 'fuse-overlayfs'): Promise<ChosenDriver> {
  const failure = await whyNot(input, backing, driver)
  if (failure === undefined) return { driver, reason: 'it is pinned' }
  throw new LichenError(`storage driver ${driver} can't be used: ${failure.message}`, {
    code: 'DRIVER_UNUSABLE',
    hint: failure.hint ?? `--storage-driver ${driver === 'overlay' ? 'fuse-overlayfs, or vfs' : 'vfs'}`,
    cause: failure.cause,
  })
}

interface Refusal {
  message: string
  hint?: string | undefined
  cause?: unknown
}

/** Undefined: it works. */
async function whyNot({ context, identity }: ChooseInput, backing: Backing, driver: 'overlay' | 'fuse-overlayfs'): Promise<Refusal | undefined> {
  let program: string | undefined
  if (driver === 'overlay') {
    if (!backing.goodForOverlay) return { message: `it is not used on ${backing.name}`, hint: 'give a data root on a local disk: --root PATH' }
  } else {
    program = await findProgram('fuse-overlayfs')
    if (program === undefined) return { message: 'it is not installed', hint: await installLine('fuse-overlayfs') }
    const fuse = await fuseState()
    if (fuse === 'missing') return { message: 'there is no /dev/fuse', hint: 'an administrator runs: modprobe fuse' }
    if (fuse === 'closed') return { message: 'you may not open /dev/fuse', hint: 'an administrator runs: chmod 666 /dev/fuse' }
  }
  try {
    await probeMount({ context, identity, program })
    return undefined
  } catch (error) {
    // Without namespaces or ids no driver works, and nothing is learnt of this one.
    if (!(error instanceof LichenError) || !['ROOTFS_FAILED', 'PROBE_FAILED', 'MOUNT_FAILED'].includes(error.code)) throw error
    return { message: error.message, cause: error }
  }
}
