import { command } from '../cli/command.ts'
import { parseDetachKeys } from '../cli/detach-keys.ts'
import { optionTable } from '../cli/options.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { connectTo, exitCodeOf } from '../engine/attached.ts'
import { stayAttached } from '../engine/foreground.ts'
import { recordContainerEvent } from '../engine/record-event.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { oneTarget } from './targets.ts'
import { requireTerminal } from './terminal.ts'

export const attach = command({
  name: 'attach',
  summary: 'Attach to a running container',
  usage: '[OPTIONS] CONTAINER',
  options: optionTable({
    'detach-keys': { type: 'string', metavar: 'string', description: 'Keys that detach (default ctrl-p,ctrl-q)' },
    latest: { type: 'boolean', short: 'l', description: 'The container created last' },
    'no-stdin': { type: 'boolean', description: 'Do not attach STDIN' },
    'sig-proxy': { type: 'boolean', default: true, description: 'Hand received signals to the process' },
  }),
  positionals: { min: 0, max: 1, exactly: 1, complete: 'container' },
  async run({ options, positionals }, globals) {
    const detachKeys = parseDetachKeys(options['detach-keys'])
    const context = await openContext(globals)
    const view = await oneTarget(context, 'attach', positionals[0], options.latest)
    return attachTo(view, { stdin: !options['no-stdin'], sigProxy: options['sig-proxy'], detachKeys })
  },
})

/** Joins a running container until it ends (its exit code) or the user goes (0). Throws NOT_RUNNING. */
export async function attachTo(view: ContainerView, options: { stdin: boolean; sigProxy: boolean; detachKeys: Uint8Array }): Promise<number> {
  const { tty, interactive } = view.record.options
  if (view.status === 'paused') throw cannotAttach('You cannot attach to a paused container, unpause it first', `lichen unpause ${view.record.name}`)
  if (view.status === 'restarting')
    throw cannotAttach('You cannot attach to a restarting container, wait until it is running', `lichen wait --condition running ${view.record.name}`)
  if (!isRunning(view) || view.live === undefined)
    throw cannotAttach('You cannot attach to a stopped container, start it first', `lichen start -a ${view.record.name}`)
  requireTerminal({ tty, stdin: options.stdin })
  const socket = connectTo(view)
  if (socket === undefined) throw cannotAttach('You cannot attach to a stopped container, start it first', `lichen start -a ${view.record.name}`)
  await recordContainerEvent(view, 'attach')
  const result = await stayAttached(view.live, socket, {
    tty,
    stdin: options.stdin && interactive,
    stdout: true,
    stderr: true,
    detachKeys: options.detachKeys,
    // As Docker: keys are bytes then, and what still comes as a signal is meant for the command.
    sigProxy: options.sigProxy && !tty,
    redraw: true,
  })
  return (await exitCodeOf(view, result)) ?? 0
}

const cannotAttach = (message: string, hint: string) => new LichenError(message, { code: 'NOT_RUNNING', exitCode: 1, hint })
