import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { whileArriving } from '../image/store.ts'
import { unshareProgram } from '../runtime/unshare.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { openContext } from '../system/open-context.ts'
import { insideUnshare, UNSHARED, type Unshared } from '../system/unshared.ts'

export const unshare = command({
  name: 'unshare',
  summary: 'Run a command as root of the user namespace in which containers and images lie',
  usage: '[COMMAND] [ARG...]',
  options: optionTable({}),
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, stopAtFirst: true, complete: 'none' },
  usageExitCode: 125,
  async run({ positionals }, globals) {
    const context = await openContext(globals)
    if (process.geteuid?.() === 0 && insideUnshare() === undefined)
      throw new LichenError('please use unshare with rootless', { code: 'NOT_ROOTLESS', hint: 'lichen unshare is for users: you are root already' })
    const identity = await hostIdentity(context)
    const args = positionals.length > 0 ? positionals : [process.env['SHELL'] || '/bin/sh']
    const unshared: Unshared = { ...context.paths, owner: process.pid, driver: context.config['storage-driver'] }
    const env = Object.entries({ ...process.env, [UNSHARED]: JSON.stringify(unshared) }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    )
    const signals = signalsToProgram()
    try {
      // What is being looked at is not collected meanwhile.
      return await whileArriving(context, () =>
        unshareProgram({
          context,
          identity,
          args,
          env,
          fds: [
            [0, 0],
            [1, 1],
            [2, 2],
          ],
          onStart: signals.handTo,
        }),
      )
    } finally {
      signals.letGo()
    }
  },
})

/** What keys of the terminal send reaches the program by itself, and it decides; what is sent to us alone is handed on. */
function signalsToProgram() {
  let pid: number | undefined
  const handlers = (['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const handler = () => {
      // It can't be another one by now: nobody but us takes its end.
      if (pid !== undefined && (signal === 'SIGTERM' || signal === 'SIGHUP')) process.kill(pid, signal)
    }
    process.on(signal, handler)
    return [signal, handler] as const
  })
  return {
    handTo(program: number): void {
      pid = program
    },
    letGo(): void {
      for (const [signal, handler] of handlers) process.off(signal, handler)
    },
  }
}
