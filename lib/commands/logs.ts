import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { parseWhen } from '../cli/when.ts'
import { type ContainerView, isActive } from '../container/view.ts'
import { exitRecordOf, waitForExit } from '../container/wait.ts'
import { logPlan } from '../engine/log-plan.ts'
import { followLog } from '../logs/follow.ts'
import type { LogEnd } from '../logs/journal.ts'
import { readLog } from '../logs/read.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { writeErr, writeOut } from '../system/output.ts'
import { oneTarget } from './targets.ts'

export const logs = command({
  name: 'logs',
  summary: 'Fetch the logs of a container',
  usage: '[OPTIONS] CONTAINER',
  options: optionTable({
    details: { type: 'boolean', description: 'Show extra details provided to logs' },
    follow: { type: 'boolean', short: 'f', description: 'Follow log output' },
    latest: { type: 'boolean', short: 'l', description: 'Of the container created last' },
    since: { type: 'string', metavar: 'string', description: 'Show logs since a time (2024-05-01T12:00:00Z) or so long ago (42m)' },
    tail: { type: 'string', short: 'n', default: 'all', metavar: 'string', description: 'Number of lines to show from the end of the logs' },
    timestamps: { type: 'boolean', short: 't', description: 'Show timestamps' },
    until: { type: 'string', metavar: 'string', description: 'Show logs before a time, or so long ago' },
  }),
  positionals: { min: 0, max: 1, exactly: 1, complete: 'container' },
  async run({ options, positionals }, globals) {
    const now = Date.now()
    const [since, until] = (['since', 'until'] as const).map((flag) => (options[flag] ? parseWhen(options[flag], flag, now) : undefined))
    const tail = parseTail(options.tail)
    const context = await openContext(globals)
    const view = await oneTarget(context, 'logs', positionals[0], options.latest)
    const { driver, path } = logPlan(view.record, view.paths)
    if (driver === 'none' || driver === 'passthrough')
      throw new LichenError('configured logging driver does not support reading', { code: 'NO_LOG', exitCode: 1 })
    const wish = { since, until, timestamps: options.timestamps, details: options.details }
    const follows = options.follow && isActive(view)
    if (driver === 'journald') {
      const { readJournal } = await import('../logs/journal.ts')
      const end = follows ? atEnd(lastEntry(view), until) : undefined
      for await (const { stream, bytes } of readJournal({ id: view.record.id, wish, tail, end })) (stream === 1 ? writeOut : writeErr)(bytes)
      return 0
    }
    const follow = follows ? followLog(path, atEnd(waitForExit(view, undefined), until)) : undefined
    for await (const { stream, bytes } of readLog({ path, driver, wish, tail, follow })) (stream === 1 ? writeOut : writeErr)(bytes)
    follow?.close()
    return 0
  },
})

/** As Docker: what is no number means all. */
function parseTail(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** What comes at the end of the container, or undefined at the moment of --until; a moment that is longer off than a timer can wait is never. */
function atEnd<T>(exit: Promise<T>, until: string | undefined): Promise<T | undefined> {
  const left = until === undefined ? Infinity : Date.parse(until) - Date.now()
  return left < 2 ** 31 ? Promise.race([exit, new Promise<undefined>((resolve) => setTimeout(resolve, left, undefined))]) : exit
}

/** Of a container that ends: which of its entries in the journal is the last. */
async function lastEntry(view: ContainerView): Promise<LogEnd | undefined> {
  try {
    return (await exitRecordOf(view))?.log
  } catch {
    // It is gone, and nobody knows.
    return undefined
  }
}
