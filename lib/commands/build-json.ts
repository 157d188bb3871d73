import type { BuildEvent } from '../engine/build-input.ts'
import { sha256 } from '../system/sha256.ts'
import type { BuildProgress } from './build-progress.ts'

interface Vertex {
  digest: string
  name: string
  started: string
  completed?: string
  cached?: boolean
  error?: string
}

/** Progress as BuildKit's `--progress rawjson` has it: a line for each change, with what it calls vertexes, logs and warnings. */
export function jsonProgress(say: (line: string) => void): BuildProgress {
  const vertexes = new Map<number, Vertex>()
  const now = () => new Date().toISOString()
  const print = (status: object) => say(`${JSON.stringify(status)}\n`)
  return {
    event(event: BuildEvent): void {
      if (event.kind === 'warning') return print({ warnings: [{ level: 1, short: Buffer.from(event.text).toString('base64') }] })
      const { number } = event
      if (event.kind === 'started') {
        const vertex = { digest: `sha256:${sha256(`${number} ${event.title}`).toString('hex')}`, name: event.title, started: now() }
        vertexes.set(number, vertex)
        return print({ vertexes: [vertex] })
      }
      const vertex = vertexes.get(number)!
      if (event.kind === 'output') {
        return print({ logs: [{ vertex: vertex.digest, stream: 1, data: Buffer.from(event.bytes).toString('base64'), timestamp: now() }] })
      }
      vertex.completed = now()
      if (event.kind === 'cached') vertex.cached = true
      if (event.kind === 'failed') vertex.error = (event.error as Error).message
      print({ vertexes: [vertex] })
    },
    finish() {},
  }
}
