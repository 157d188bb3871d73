import { StringDecoder } from 'node:string_decoder'
import { isCanceled } from '../build/canceled.ts'
import type { BuildEvent } from '../engine/build-input.ts'
import { visible } from '../system/log.ts'
import { writeErr } from '../system/output.ts'

export const TAIL = 20

/** Who shows how a build goes on. */
export interface BuildProgress {
  event(event: BuildEvent): void
  /** Before anything else is printed. */
  finish(): void
}

export const noProgress: BuildProgress = { event() {}, finish() {} }

/** Nothing, until a step fails: then its last words. */
export function quietProgress(say: (text: string) => void = writeErr): BuildProgress {
  return plainProgress((text) => {
    if (text.startsWith('------\n')) say(text)
  })
}

/** What a step prints, as lines; some come late. */
export class StepLines {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  take(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split(/\r?\n|\r/)
    this.#rest = lines.pop()!
    return lines
  }

  /** The last line, where nothing ended it. */
  end(): string[] {
    const rest = this.#rest + this.#decoder.end()
    this.#rest = ''
    return rest === '' ? [] : [rest]
  }
}

/** A line with the seconds since its step began. */
export const timed = (started: number, line: string): string => `${((performance.now() - started) / 1000).toFixed(3)} ${visible(line)}`

/** The last words of a step that failed, with their times. */
export const lastWords = (title: string, tail: readonly string[]): string =>
  tail.length === 0 ? '' : `------\n > ${visible(title)}:\n${tail.map((line) => `${line}\n`).join('')}------\n`

interface Vertex {
  started: number
  lines: StepLines
  tail: string[]
}

/** Progress as BuildKit's `--progress plain` has it, on standard error. */
export function plainProgress(say: (text: string) => void = writeErr): BuildProgress {
  const vertices = new Map<number, Vertex>()
  const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1)
  const print = (number: number, vertex: Vertex, lines: readonly string[]) => {
    for (const line of lines) {
      const text = timed(vertex.started, line)
      vertex.tail.push(text)
      if (vertex.tail.length > TAIL) vertex.tail.shift()
      say(`#${number} ${text}\n`)
    }
  }
  function event(event: BuildEvent): void {
    if (event.kind === 'warning') return say(`${event.text}\n`)
    const { number } = event
    if (event.kind === 'started') {
      vertices.set(number, { started: performance.now(), lines: new StepLines(), tail: [] })
      return say(`#${number} ${visible(event.title)}\n`)
    }
    const vertex = vertices.get(number)!
    switch (event.kind) {
      case 'output':
        return print(number, vertex, vertex.lines.take(event.bytes))
      case 'cached':
        return say(`#${number} CACHED\n\n`)
      case 'done':
        print(number, vertex, vertex.lines.end())
        return say(`#${number} DONE ${seconds(vertex.started)}s\n\n`)
      case 'failed': {
        print(number, vertex, vertex.lines.end())
        const message = visible((event.error as Error).message)
        say(`#${number} ${isCanceled(event.error) ? 'CANCELED' : `ERROR: ${message}`}\n`)
        say(lastWords(event.title, vertex.tail))
      }
    }
  }
  return { event, finish() {} }
}
