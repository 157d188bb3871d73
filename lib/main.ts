import type { Command, Globals } from './cli/command.ts'
import { findVerb } from './cli/find-verb.ts'
import { optionTable } from './cli/options.ts'
import { checkPositionals, parseArgs } from './cli/parse.ts'
import { usageError } from './cli/usage-error.ts'
import { groups, verbs } from './commands/table.ts'
import { LichenError } from './system/errors.ts'
import { visible } from './system/log.ts'
import { onStreamFailure, whenWritten, writeErr } from './system/output.ts'
import { phases, traced, traceFile } from './system/trace.ts'

const globalOptions = optionTable({
  root: { type: 'string', metavar: 'string', description: 'Folder of images, containers and volumes' },
  'storage-driver': { type: 'string', metavar: 'string', description: 'overlay, fuse-overlayfs or vfs; default: the best that works' },
  debug: { type: 'boolean', short: 'D', description: 'Say what is done, and show stacks of failures' },
  'log-level': { type: 'string', short: 'l', metavar: 'string', default: 'info', description: '"debug" is --debug; others change nothing' },
  version: { type: 'boolean', short: 'v', description: 'Print the version and quit' },
})

const state = { debug: false }

// What native/launcher has told the engine is nothing that a container or another program asked for.
delete process.env['BUN_JSC_useJIT']

// A reader that has seen enough (`lichen logs x | head`) is no failure.
onStreamFailure((error) => process.exit(error.code === 'EPIPE' ? 0 : 125))

main(process.argv.slice(2)).then(leave, (error: unknown) => leave(report(error)))

async function main(words: string[]): Promise<number> {
  const { options, positionals, given } = parseArgs(words, globalOptions, { min: 0, max: Infinity, stopAtFirst: true }, 'lichen')
  state.debug = options.debug || options['log-level'] === 'debug'
  const globals: Globals = { root: options.root, storageDriver: storageDriver(options['storage-driver']), debug: state.debug }
  if (options.version) return runVerb(['version', '--short'], globals)
  if (given.has('help') || positionals.length === 0 || positionals[0] === 'help') {
    if (positionals[0] === 'help' && positionals.length > 1) return runVerb([...positionals.slice(1), '--help'], globals)
    const { helpOfAll } = await import('./commands/help.ts')
    helpOfAll(globalOptions)
    return 0
  }
  return runVerb(positionals, globals)
}

async function runVerb(words: string[], globals: Globals): Promise<number> {
  const [group = '', wish] = words
  if (Object.hasOwn(groups, group) && (wish === undefined || wish === '--help' || wish === '-h')) {
    const { helpOfGroup } = await import('./commands/help.ts')
    helpOfGroup(group, wish !== undefined)
    return 0
  }
  const found = findVerb(words, Object.keys(verbs), groups)
  const command: Command = await traced(`load ${found.name}`, verbs[found.name]!.load)
  const args = parseArgs(found.rest, command.options, command.positionals, found.words)
  if (args.given.has('help')) {
    const { helpOf } = await import('./commands/help.ts')
    helpOf(command, { verb: found.name, words: found.words })
    return 0
  }
  checkPositionals(args.positionals, command.positionals, found.words, command.usageExitCode ?? 1)
  return traced(found.name, () => command.run(args, globals))
}

function storageDriver(name: string | undefined): Globals['storageDriver'] {
  if (name === undefined || name === 'overlay' || name === 'fuse-overlayfs' || name === 'vfs') return name
  throw usageError(`unknown storage driver: ${name}`, 'overlay, fuse-overlayfs or vfs')
}

/** The one place that prints an error; gives the exit code. */
function report(error: unknown): number {
  if (error instanceof LichenError) {
    if (error.code === 'OUTPUT_CLOSED') return error.exitCode
    const lines = [`Error: ${visible(error.message)}`]
    for (const line of error.hint?.split('\n') ?? []) lines.push(`hint: ${visible(line)}`)
    if (state.debug) lines.push(visible(trace(error)))
    writeErr(`${lines.join('\n')}\n`)
    return error.exitCode
  }
  const text = error instanceof Error ? error.message : String(error)
  const tail = state.debug ? visible(trace(error)) : 'hint: this is a bug in lichen; the same command with `lichen --debug` in front shows where'
  writeErr(`Error: ${visible(text)}\n${tail}\n`)
  return 125
}

function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? (error.stack ?? error.message) : `${error.stack ?? error.message}\ncaused by: ${trace(error.cause)}`
}

async function leave(code: number): Promise<void> {
  if (traceFile !== undefined) {
    const { writeTrace } = await import('./system/trace-file.ts')
    await writeTrace(traceFile, ['lichen', ...process.argv.slice(2)].join(' '), phases)
  }
  process.exitCode = code
  whenWritten(() => process.exit(code))
}
