import type { Descriptor } from './manifest.ts'
import type { PullEvent } from './pull.ts'

/** The bytes of a layer as they come; what has come so far is told. */
export async function* watchLayer(
  source: AsyncIterable<Uint8Array>,
  { digest: layer, size: total }: Descriptor,
  onEvent: (event: PullEvent) => void,
): AsyncGenerator<Uint8Array> {
  onEvent({ kind: 'layer', layer, state: 'started' })
  let current = 0
  for await (const piece of source) {
    current += piece.length
    onEvent({ kind: 'progress', layer, current, total })
    yield piece
  }
  onEvent({ kind: 'layer', layer, state: 'downloaded' })
}
