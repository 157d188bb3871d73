declare const Bun: { gc(now: boolean): void } | undefined

/** Bytes. A collection takes some 5 ms of a heap as small as ours. */
const EVERY = 24 * 1024 * 1024
let since = 0

/**
 * So many bytes have passed in buffers that nobody needs any more. Bun's collector goes by what its own heap holds, of which buffers are a small part: left
 * to itself it keeps a hundred megabytes of them, and `--smol` changes nothing. Node's counts them.
 */
export function reclaim(bytes: number): void {
  if (typeof Bun === 'undefined') return
  since += bytes
  if (since < EVERY) return
  since = 0
  Bun.gc(true)
}
