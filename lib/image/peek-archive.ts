import { peek, sniff } from './compression.ts'
import { BLOCK, parseHeader } from './tar/header.ts'

/** Whether a stream is a tar, or compressed as only a tar would be; and the same bytes from the beginning. */
export async function peekArchive(source: AsyncIterable<Uint8Array>): Promise<{ archive: boolean; bytes: AsyncGenerator<Uint8Array, void, void> }> {
  const { head, bytes } = await peek(source, BLOCK)
  return { archive: sniff(head) !== 'none' || isHeader(head), bytes }
}

function isHeader(head: Buffer): boolean {
  if (head.length < BLOCK) return false
  try {
    // An archive of nothing begins with a block of nothing.
    return parseHeader(head.subarray(0, BLOCK)) !== undefined || head.subarray(0, BLOCK).every((byte) => byte === 0)
  } catch {
    return false
  }
}
