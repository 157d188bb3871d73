/**
 * Where the time of a command goes, for LICHEN_TRACE=FILE: phases of this process and of what the runtime tells of its own. `main` has them
 * written at the end. Where nobody asked, `traced` only calls what it is given.
 */

/** A piece of time: from when to when, in microseconds since 1970, and whose it was. */
export interface Phase {
  lane: 'lichen' | 'monitor' | 'between' | 'container'
  name: string
  begin: number
  end: number
}

/** The file that was asked for; undefined: none. */
export const traceFile = process.env['LICHEN_TRACE'] || undefined
// What this command starts would write over it.
delete process.env['LICHEN_TRACE']

/** In the order of their ends. */
export const phases: Phase[] = []

const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000)

if (traceFile !== undefined) notePhase({ lane: 'lichen', name: 'start the engine', begin: Math.round(performance.timeOrigin * 1000), end: now() })

export function notePhase(phase: Phase): void {
  phases.push(phase)
}

/** Does the work, and notes down how long it took, if it succeeded. */
export async function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (traceFile === undefined) return work()
  const begin = now()
  const result = await work()
  notePhase({ lane: 'lichen', name, begin, end: now() })
  return result
}
