import { warning } from './log.ts'
import { writeFile } from './small-files.ts'
import type { Phase } from './trace.ts'

const lanes = ['lichen', 'monitor', 'between', 'container'] as const

/** What of it is called in the picture. */
const titles: Record<Phase['lane'], string> = { lichen: 'lichen', monitor: 'monitor', between: 'on the way in', container: "container's process" }

/**
 * The phases as chrome://tracing and ui.perfetto.dev read them: the JSON object of the Trace Event Format, with complete events ("X") whose
 * `ts` and `dur` are microseconds. Lanes are threads of one process, since those of the container have no number that the host knows.
 */
export function traceDocument(command: string, phases: Phase[], pid: number): string {
  const seen = lanes.filter((lane) => phases.some((phase) => phase.lane === lane))
  const names = [
    { name: 'process_name', ph: 'M', pid, tid: 0, args: { name: command } },
    ...seen.map((lane) => ({ name: 'thread_name', ph: 'M', pid, tid: lanes.indexOf(lane), args: { name: titles[lane] } })),
  ]
  // Nested ones that begin together: the longer first, as the readers want it.
  const sorted = phases.toSorted((a, b) => a.begin - b.begin || b.end - a.end)
  const events = sorted.map(({ lane, name, begin, end }) => ({ name, cat: lane, ph: 'X', ts: begin, dur: end - begin, pid, tid: lanes.indexOf(lane) }))
  return `${JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [...names, ...events] })}\n`
}

/** A trace that can't be written is no reason for the command to fail. */
export async function writeTrace(file: string, command: string, phases: Phase[]): Promise<void> {
  try {
    await writeFile(file, traceDocument(command, phases, process.pid))
  } catch (error) {
    warning(`the trace can't be written to ${file}: ${(error as Error).message}`)
  }
}
