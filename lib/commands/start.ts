import { command } from '../cli/command.ts'
import { parseDetachKeys } from '../cli/detach-keys.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { observe } from '../container/state.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { endOf } from '../engine/attached.ts'
import { keepEarlySignals } from '../engine/early-signals.ts'
import { stayAttached, terminalSize } from '../engine/foreground.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { startContainer } from '../engine/start.ts'
import type { Context } from '../system/context.ts'
import { openContext } from '../system/open-context.ts'
import { attachTo } from './attach.ts'
import { chooseTargets, onEach, targetTable, withExitCode } from './targets.ts'

export const start = command({
  name: 'start',
  summary: 'Start one or more stopped containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    all: { ...targetTable.all, description: 'Start all containers that do not run' },
    latest: { ...targetTable.latest, short: 'l' },
    filter: { ...targetTable.filter, short: 'f' },
    attach: { type: 'boolean', short: 'a', description: 'Attach STDOUT/STDERR and forward signals' },
    'detach-keys': { type: 'string', metavar: 'string', description: 'Keys that detach (default ctrl-p,ctrl-q)' },
    interactive: { type: 'boolean', short: 'i', description: "Attach container's STDIN" },
    'sig-proxy': { type: 'boolean', default: true, description: 'Hand received signals to the process' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const detachKeys = parseDetachKeys(options['detach-keys'])
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'start', { ...options, names: positionals }, (view) => !isActive(view))
    // One after the other: one may join the namespaces of the one before.
    if (!options.attach && !options.interactive) return onEach(targets, (view) => startAlone(context, view), { atOnce: 1, sum: 'failed to start containers' })
    const [target] = targets
    if (target === undefined || targets.length > 1) throw usageError('you cannot start and attach multiple containers at once', undefined, 1)
    return startAttached(context, await target.find(), { stdin: options.interactive, sigProxy: options['sig-proxy'], detachKeys })
  },
})

async function startAlone(context: Context, view: ContainerView): Promise<void> {
  const launched = await startContainer(context, view, { attached: false, terminal: view.record.options.tty ? terminalSize() : undefined })
  await launched?.release()
}

/** `start -a`: of one that runs already it is `attach`. */
async function startAttached(context: Context, view: ContainerView, options: { stdin: boolean; sigProxy: boolean; detachKeys: Uint8Array }): Promise<number> {
  const { tty, interactive, logDriver } = view.record.options
  const stdin = options.stdin && interactive
  const sigProxy = options.sigProxy && !tty
  const signals = sigProxy ? keepEarlySignals() : undefined
  try {
    if (!isActive(view)) await recordContainerEvent(view, 'attach')
    const launched = await startContainer(context, view, { attached: true, terminal: tty ? terminalSize() : undefined })
    if (launched?.client === undefined) return await attachTo(await observe(view.record, view.paths), { ...options, stdin })
    signals?.handTo(launched)
    const shown = logDriver !== 'passthrough'
    const result = await stayAttached(launched, launched.client, {
      tty,
      stdin: stdin && shown,
      stdout: shown,
      stderr: shown,
      detachKeys: options.detachKeys,
      sigProxy,
    })
    return (await endOf(context, view, launched, result)) ?? 0
  } catch (error) {
    throw withExitCode(error, 1)
  } finally {
    signals?.letGo()
  }
}
