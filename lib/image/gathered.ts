/** Bytes that are read ahead, about. */
const MOST = 256 * 1024

/**
 * What has come while the reader was busy, in one piece: each costs it some turns of other threads, however small it is (Node reads 64 KiB
 * of a socket at a time). A source that is slower than its reader is handed on as it comes.
 */
export async function* gathered(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const iterator = source[Symbol.asyncIterator]()
  let parts: Uint8Array[] = []
  let size = 0
  let end: { failed: boolean; error?: unknown } | undefined
  let stopped = false
  // Only one of the two ever waits: the one for bytes, or the other for room.
  let wake = () => {}
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })

  async function readAhead(): Promise<void> {
    try {
      while (!stopped) {
        const step = await iterator.next()
        if (step.done) break
        if (step.value.length > 0) parts.push(step.value)
        size += step.value.length
        wake()
        while (size >= MOST && !stopped) await change()
      }
      end = { failed: false }
    } catch (error) {
      end = { failed: true, error }
    }
    wake()
  }

  const reading = readAhead()
  try {
    for (;;) {
      while (size === 0 && end === undefined) await change()
      if (size > 0) {
        const piece = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
        parts = []
        size = 0
        wake()
        yield piece
      } else if (end!.failed) throw end!.error
      else return
    }
  } finally {
    stopped = true
    wake()
    await iterator.return?.()
    await reading
  }
}
