import { command } from '../cli/command.ts'
import { eventFilter } from '../cli/event-filters.ts'
import { eventJson, eventLine, eventRow } from '../cli/event-line.ts'
import { optionTable } from '../cli/options.ts'
import { compileTemplate } from '../cli/template.ts'
import { parseWhen } from '../cli/when.ts'
import type { Event } from '../events/event.ts'
import { readEvents } from '../events/read.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { eventsLog } from '../system/paths.ts'
import { printLines } from './print.ts'

export const events = command({
  name: 'events',
  summary: 'Tell what happens to containers, images and volumes',
  usage: '[OPTIONS]',
  options: optionTable({
    filter: { type: 'list', short: 'f', metavar: 'filter', description: 'Only events that fit name=value (container, event, image, label, type, volume)' },
    format: { type: 'string', metavar: 'string', default: '', description: 'json, or a Go template' },
    'no-trunc': { type: 'boolean', default: true, hidden: true, description: 'Changes nothing: ids are whole' },
    since: { type: 'string', metavar: 'string', description: 'From this time on (2024-05-01T12:00:00Z), or so long ago (42m)' },
    stream: { type: 'boolean', default: true, description: 'Go on with what happens next; without, what has happened' },
    until: { type: 'string', metavar: 'string', description: 'Until this time, or so long ago' },
  }),
  positionals: { min: 0, max: 0 },
  async run({ options }, globals) {
    const now = Date.now()
    const [since, until] = (['since', 'until'] as const).map((flag) => (options[flag] ? parseWhen(options[flag], '', now) : undefined))
    const fits = eventFilter(options.filter)
    const words = wording(options.format)
    const context = await openContext(globals)
    // As Docker: without --since or --until only what happens from now on is told.
    const history = since !== undefined || until !== undefined || !options.stream
    for await (const event of readEvents(eventsLog(context.paths), { history, end: options.stream ? endOf(until, now) : undefined })) {
      if (until !== undefined && event.time > until) continue
      if ((since === undefined || event.time >= since) && fits(event)) printLines([words(event)])
    }
    return 0
  },
})

function wording(format: string): (event: Event) => string {
  if (format === '') return eventLine
  if (format === 'json' || /^\{\{\s*json\s+\.\s*\}\}$/.test(format)) return eventJson
  return inWords(() => {
    const render = compileTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'))
    return (event: Event) => inWords(() => render(eventRow(event)))
  })
}

/** Docker's exit code, and its words, for a template of events that is wrong. */
function inWords<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof LichenError)) throw error
    throw new LichenError(error.message.replace(/^template parsing error/, 'Error parsing format'), { code: error.code, exitCode: 64, cause: error })
  }
}

/** Undefined: that moment is gone. One that is longer off than a timer can wait is never. */
function endOf(until: string | undefined, now: number): Promise<unknown> | undefined {
  const left = until === undefined ? Infinity : Date.parse(until) - now
  if (left <= 0) return undefined
  return new Promise((resolve) => {
    if (left < 2 ** 31) setTimeout(resolve, left)
    // Nothing else keeps the process.
    else setInterval(() => {}, 2 ** 30)
  })
}
