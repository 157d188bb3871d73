import { command } from '../cli/command.ts'
import { parseCreateOptions } from '../cli/create-options.ts'
import { runTable } from '../cli/create-table.ts'
import { parseDetachKeys } from '../cli/detach-keys.ts'
import { withRefused } from '../cli/refused-flags.ts'
import { usageError } from '../cli/usage-error.ts'
import type { ContainerView } from '../container/view.ts'
import { endOf } from '../engine/attached.ts'
import { type EarlySignals, keepEarlySignals } from '../engine/early-signals.ts'
import { stayAttached, terminalSize } from '../engine/foreground.ts'
import { warnOfLogout } from '../engine/logout.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { removeAfterExit } from '../engine/remove.ts'
import { startContainer } from '../engine/start.ts'
import type { CreateOptions } from '../plan/options.ts'
import type { Launched } from '../runtime/launch.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { newContainer } from './new-container.ts'
import { printLines } from './print.ts'
import { requireTerminal } from './terminal.ts'

export const run = command({
  name: 'run',
  summary: 'Create and run a new container from an image',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  options: withRefused(runTable),
  positionals: { min: 1, max: Infinity, stopAtFirst: true, complete: 'image' },
  async run(args, globals) {
    const options = await parseCreateOptions(args)
    const given = await givenDescriptors(args.options['preserve-fds'], options)
    const wanted = attachedStreams(options)
    const detachKeys = parseDetachKeys(options.detachKeys)
    requireTerminal({ tty: options.tty, stdin: wanted.stdin })
    const context = await openContext(globals)
    const view = await newContainer(context, options, args.options)
    // Then our streams are its own, and what is left to do is to wait for its end.
    const passthrough = view.record.options.logDriver === 'passthrough'
    const streams = passthrough ? { stdin: false, stdout: false, stderr: false } : wanted
    const attached = (passthrough && !options.detach) || streams.stdin || streams.stdout || streams.stderr
    const signals = attached && options.sigProxy ? keepEarlySignals() : undefined
    try {
      const launched = await startNew(context, view, { attached, given }, signals)
      if (options.detach) await warnOfLogout(context)
      // Without output there is nothing to wait for, as with Docker: what -a stdin gives is carried over, and that is all.
      if (!streams.stdout && !streams.stderr && (options.detach || !passthrough)) printLines([view.record.id])
      const result =
        launched.client === undefined
          ? undefined
          : await stayAttached(launched, launched.client, { tty: options.tty, ...streams, detachKeys, sigProxy: options.sigProxy })
      return (await endOf(context, view, launched, result)) ?? 0
    } finally {
      signals?.letGo()
    }
  },
})

/** `-i`, `-a` and `-d`: what of the container is also ours. */
function attachedStreams({ attach, interactive, detach }: CreateOptions): { stdin: boolean; stdout: boolean; stderr: boolean } {
  if (detach) return { stdin: false, stdout: false, stderr: false }
  const wanted = (name: string) => attach.length === 0 || attach.includes(name)
  return { stdin: interactive, stdout: wanted('stdout'), stderr: wanted('stderr') }
}

/** `--preserve-fds`. They are gone when the container is started again. */
async function givenDescriptors(count: number, { restart, health }: CreateOptions): Promise<number> {
  if (count === 0) return 0
  if (restart !== undefined) throw usageError('conflicting options: --preserve-fds and --restart', 'descriptors reach the first start only')
  if (health?.onFailure === 'restart')
    throw usageError('conflicting options: --preserve-fds and --health-on-failure restart', 'descriptors reach the first start only')
  return (await import('../cli/preserve-fds.ts')).preservedFds(count)
}

/** A container that can't be started stays as "created", unless --rm said otherwise. */
async function startNew(
  context: Context,
  view: ContainerView,
  { attached, given }: { attached: boolean; given: number },
  signals: EarlySignals | undefined,
): Promise<Launched> {
  try {
    if (attached) await recordContainerEvent(view, 'attach')
    const launched = await startContainer(context, view, { attached, given, terminal: view.record.options.tty ? terminalSize() : undefined })
    if (launched === undefined) throw new LichenError(`container ${view.record.name} was started by somebody else`, { code: 'ALREADY_RUNNING' })
    signals?.handTo(launched)
    return launched
  } catch (error) {
    if (view.record.options.remove) await removeAfterExit(context, view)
    throw error
  }
}
