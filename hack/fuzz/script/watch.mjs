// Tells of an input that takes for ever: the thread that runs it can't. Worker of loop.mjs.
import { mkdirSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/** Seconds that an input may take before it is given up. */
const HUNG = 10

/** What runs now, for the watcher: call the result before each run. */
export function watch({ name, findings, max }) {
  const shared = new SharedArrayBuffer(8 + 2 * max)
  const [count, bytes] = [new Int32Array(shared, 0, 2), Buffer.from(shared, 8)]
  new Worker(new URL(import.meta.url), { workerData: { name, findings, shared } }).unref()
  return (input) => {
    Atomics.add(count, 0, 1)
    Atomics.store(count, 1, input.length)
    input.copy(bytes)
  }
}

if (!isMainThread) {
  const { name, findings, shared } = workerData
  const count = new Int32Array(shared, 0, 2)
  let last = -1
  setInterval(() => {
    const now = Atomics.load(count, 0)
    if (now !== last) {
      last = now
      return
    }
    mkdirSync(findings, { recursive: true })
    const file = join(findings, `${name}-hangs`)
    writeFileSync(file, Buffer.from(Buffer.from(shared, 8, Atomics.load(count, 1))))
    writeSync(2, `${file}: takes more than ${HUNG} s\n`)
    process.kill(process.pid, 'SIGKILL')
  }, HUNG * 1000)
}
