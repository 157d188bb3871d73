import { StringDecoder } from 'node:string_decoder'
import type { BuildEvent } from '../engine/build.ts'
import { visible } from '../system/log.ts'
import { writeErr } from '../system/output.ts'

const TAIL = 20

interface Vertex {
  started: number
  decoder: StringDecoder
  rest: string
  tail: string[]
}

/** Progress as BuildKit's `--progress plain` has it, on standard error. */
export function plainProgress(say: (text: string) => void = writeErr): (event: BuildEvent) => void {
  const vertices = new Map<number, Vertex>()
  const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1)
  const print = (number: number, vertex: Vertex, line: string) => {
    const text = `${((performance.now() - vertex.started) / 1000).toFixed(3)} ${visible(line)}`
    vertex.tail.push(text)
    if (vertex.tail.length > TAIL) vertex.tail.shift()
    say(`#${number} ${text}\n`)
  }
  const flush = (number: number, vertex: Vertex) => {
    if (vertex.rest !== '') print(number, vertex, vertex.rest)
    vertex.rest = ''
  }
  return (event) => {
    if (event.kind === 'warning') return say(`${event.text}\n`)
    const { number } = event
    if (event.kind === 'started') {
      vertices.set(number, { started: performance.now(), decoder: new StringDecoder('utf8'), rest: '', tail: [] })
      return say(`#${number} ${visible(event.title)}\n`)
    }
    const vertex = vertices.get(number)!
    switch (event.kind) {
      case 'output': {
        const lines = (vertex.rest + vertex.decoder.write(Buffer.from(event.bytes))).split(/\r?\n|\r/)
        vertex.rest = lines.pop()!
        for (const line of lines) print(number, vertex, line)
        return
      }
      case 'cached':
        return say(`#${number} CACHED\n\n`)
      case 'done':
        flush(number, vertex)
        return say(`#${number} DONE ${seconds(vertex.started)}s\n\n`)
      case 'failed': {
        flush(number, vertex)
        const message = visible((event.error as Error).message)
        say(`#${number} ${(event.error as { code?: string }).code === 'BUILD_CANCELED' ? 'CANCELED' : `ERROR: ${message}`}\n`)
        if (vertex.tail.length > 0) say(`------\n > ${visible(event.title)}:\n${vertex.tail.map((line) => `${line}\n`).join('')}------\n`)
      }
    }
  }
}
