import { command } from '../cli/command.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { type Figures, statsHeads, statsRow, statsTable } from '../cli/stats-row.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { listContainers } from '../container/list.ts'
import { type ContainerView, isRunning } from '../container/view.ts'
import { type Sample, sample } from '../engine/stats.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { visible, warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { mayBeTerminal, writeOut } from '../system/output.ts'
import { printLines } from './print.ts'
import { latestContainer } from './targets.ts'

/** Milliseconds between the two looks that a share of the processor needs. */
const FIRST_LOOK = 500

export const stats = command({
  name: 'stats',
  summary: "Display a live stream of containers' resource usage",
  usage: '[OPTIONS] [CONTAINER...]',
  options: optionTable({
    all: { type: 'boolean', short: 'a', description: 'Show all containers (default shows just running)' },
    format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
    interval: { type: 'number', short: 'i', metavar: 'int', default: 1, description: 'Seconds between two looks' },
    latest: { type: 'boolean', short: 'l', description: 'Of the container created last' },
    'no-reset': { type: 'boolean', description: "Don't clear the screen between two looks" },
    'no-stream': { type: 'boolean', description: 'Show the first result only' },
    'no-trunc': { type: 'boolean', description: "Don't truncate output" },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    if ((options.all || options.latest) && positionals.length > 0)
      throw usageError('--all, --latest and names of containers go one without the others', undefined, 1)
    if (options.interval < 1) throw usageError(`invalid interval: ${options.interval}`, 'seconds, 1 at least')
    const context = await openContext(globals)
    const look = await watched(context, { names: positionals, all: options.all, latest: options.latest })
    const stream = !options['no-stream']
    const [show, pause] = [screen(stream && !options['no-reset'] && mayBeTerminal(1)), options.interval * 1000]
    let before = await measure(await look())
    warnOfSums(before)
    for (let wait = FIRST_LOOK; ; wait = pause) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      const now = await measure(await look())
      if (now.length === 0 && positionals.length > 0) return 0
      const rows = now.map(({ called, view, used }) =>
        statsRow(
          { id: options['no-trunc'] ? view.record.id : view.record.id.slice(0, 12), name: view.record.name, container: called },
          figures(before.find((other) => other.view.record.id === view.record.id)?.used, used) ?? (stream ? undefined : nothing),
        ),
      )
      show(formatList(rows, { format: options.format, table: statsTable, heads: statsHeads }))
      if (!stream) return 0
      before = now
    }
  },
})

interface Watched {
  /** As the user called it. */
  called: string
  view: ContainerView
}

interface Measured extends Watched {
  used: Sample | undefined
}

/** Gives the containers that are meant at each moment. Of named ones all must be there at first; who goes later is left out. */
async function watched(context: Context, wish: { names: readonly string[]; all: boolean; latest: boolean }): Promise<() => Promise<Watched[]>> {
  if (wish.names.length === 0 && !wish.latest) {
    return async () => {
      const views = (await listContainers(context)).filter((view) => wish.all || isRunning(view))
      return views.map((view) => ({ called: view.record.id.slice(0, 12), view }))
    }
  }
  const first = wish.latest ? [await latestContainer(context)] : await Promise.all(wish.names.map((name) => findContainer(context, name)))
  const called = first.map((view, at) => ({ id: view.record.id, called: wish.names[at] ?? view.record.id.slice(0, 12) }))
  return async () => {
    const found = await Promise.all(
      called.map(async ({ id, called: name }) => {
        try {
          return [{ called: name, view: await findContainer(context, id) }]
        } catch (error) {
          if (error instanceof LichenError && error.code === 'CONTAINER_NOT_FOUND') return []
          throw error
        }
      }),
    )
    return found.flat()
  }
}

const measure = (list: Watched[]): Promise<Measured[]> =>
  Promise.all(list.map(async (one) => ({ ...one, used: one.view.live === undefined ? undefined : await sample(one.view.live) })))

/** Docker's answer for one that does not run. */
const nothing: Figures = { cpuPercent: 0, memory: 0, memoryLimit: 0, received: 0, sent: 0, blockRead: 0, blockWritten: 0, pids: 0 }

function figures(before: Sample | undefined, now: Sample | undefined): Figures | undefined {
  if (now === undefined) return undefined
  // One that has been started, or started anew, in between has no share yet.
  const spent = before === undefined ? 0 : Math.max(0, now.cpuMicroseconds - before.cpuMicroseconds)
  return { ...now, cpuPercent: before === undefined ? 0 : spent / 10 / (now.at - before.at) }
}

function warnOfSums(list: readonly Measured[]): void {
  const names = list.filter(({ view }) => view.live?.cgroup === '').map(({ view }) => view.record.name)
  if (names.length > 0) warning(`without a cgroup of their own, figures are added up over the processes: ${names.join(', ')}`)
}

/** On a terminal each table takes the place of the one before. */
function screen(refresh: boolean): (lines: string[]) => void {
  if (!refresh) return printLines
  let fresh = true
  return (lines) => {
    writeOut(`${fresh ? '\x1b[2J' : ''}\x1b[H${lines.map((line) => `${visible(line)}\x1b[K\n`).join('')}\x1b[J`)
    fresh = false
  }
}
