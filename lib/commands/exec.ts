import { command } from '../cli/command.ts'
import { parseDetachKeys } from '../cli/detach-keys.ts'
import { parseEnv, readEnvFile } from '../cli/env.ts'
import { optionTable } from '../cli/options.ts'
import { checkPositionals } from '../cli/parse.ts'
import { keepEarlySignals } from '../engine/early-signals.ts'
import { execInContainer } from '../engine/exec.ts'
import { stayAttached, terminalSize } from '../engine/foreground.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { oneTarget, withExitCode } from './targets.ts'
import { requireTerminal } from './terminal.ts'

export const exec = command({
  name: 'exec',
  summary: 'Execute a command in a running container',
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  options: optionTable({
    detach: { type: 'boolean', short: 'd', description: 'Run the command in the background' },
    'detach-keys': { type: 'string', metavar: 'string', description: 'Keys that detach (default ctrl-p,ctrl-q)' },
    env: { type: 'list', short: 'e', metavar: 'list', description: 'Set environment variables' },
    'env-file': { type: 'list', metavar: 'list', description: 'Read environment variables from a file' },
    interactive: { type: 'boolean', short: 'i', description: 'Keep STDIN open even if not attached' },
    latest: { type: 'boolean', short: 'l', description: 'In the container created last' },
    'preserve-fds': { type: 'number', metavar: 'uint', default: 0, description: 'Hand down as many file descriptors, from 3 on' },
    privileged: { type: 'boolean', description: 'Give all capabilities that the user namespace has' },
    tty: { type: 'boolean', short: 't', description: 'Allocate a pseudo-TTY' },
    user: { type: 'string', short: 'u', metavar: 'string', description: 'User name or uid: name|uid[:group|gid]' },
    workdir: { type: 'string', short: 'w', metavar: 'string', description: 'Working directory inside' },
  }),
  positionals: { min: 0, max: Infinity, stopAtFirst: true, complete: 'container' },
  async run({ options, positionals }, globals) {
    const { interactive, tty, privileged, detach, latest } = options
    checkPositionals(positionals, { min: latest ? 1 : 2, max: Infinity }, 'lichen exec', 1)
    const [name, words] = latest ? [undefined, positionals] : [positionals[0], positionals.slice(1)]
    const preserve = options['preserve-fds']
    const given = preserve === 0 ? 0 : (await import('../cli/preserve-fds.ts')).preservedFds(preserve)
    const detachKeys = parseDetachKeys(options['detach-keys'])
    const env = [...(await Promise.all(options['env-file'].map((file) => readEnvFile(file, process.env)))).flat(), ...parseEnv(options.env, process.env)]
    const context = await openContext(globals)
    const view = await oneTarget(context, 'exec', name, latest)
    if (!detach) requireTerminal({ tty, stdin: interactive })
    const signals = detach ? undefined : keepEarlySignals()
    try {
      const launched = await execInContainer(context, view, {
        command: words,
        env,
        user: options.user || undefined,
        workdir: options.workdir || undefined,
        tty,
        interactive,
        privileged,
        attached: !detach,
        given,
        terminal: tty ? terminalSize() : undefined,
      }).catch((error: unknown) => {
        // As Docker: whatever keeps a process from being executed is 126, unless it is known better.
        throw error instanceof LichenError && error.exitCode === 125 ? withExitCode(error, 126) : error
      })
      signals?.handTo(launched)
      const result =
        launched.client === undefined
          ? undefined
          : await stayAttached(launched, launched.client, { tty, stdin: interactive, stdout: true, stderr: true, detachKeys, sigProxy: true })
      await launched.release()
      if (result?.kind === 'lost') throw new LichenError('the process in the container was lost: its supervisor was killed', { code: 'MONITOR_LOST' })
      return result?.kind === 'exited' ? result.code : 0
    } finally {
      signals?.letGo()
    }
  },
})
