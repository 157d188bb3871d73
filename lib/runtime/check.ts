import { readSome } from '../system/descriptors.ts'
import { closeSync, writeSync } from '../system/fs.ts'
import { frameType, healthAnswer } from './protocol.ts'

/**
 * Asks the monitor at the other end of an attach socket for a check of the container's health, and waits for its outcome; undefined where
 * the container ended before. Closes the socket.
 */
export async function askForCheck(socket: number): Promise<'passed' | 'failed' | 'no-check' | undefined> {
  try {
    writeSync(socket, Buffer.concat([frame(frameType.HELLO, 0), frame(frameType.HEALTH)]))
    const answer = Buffer.alloc(12)
    for (let length = 0; length < answer.length; ) {
      const bytesRead = await readSome(socket, answer.subarray(length))
      if (bytesRead === 0) return undefined
      length += bytesRead
    }
    if (answer.readUInt32LE(0) !== frameType.HEALTH) return undefined
    const outcome = answer.readUInt32LE(8)
    return outcome === healthAnswer.PASSED ? 'passed' : outcome === healthAnswer.FAILED ? 'failed' : 'no-check'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPIPE' || code === 'ECONNRESET') return undefined
    throw error
  } finally {
    closeSync(socket)
  }
}

function frame(type: number, number?: number): Buffer {
  const bytes = Buffer.alloc(number === undefined ? 8 : 12)
  bytes.writeUInt32LE(type, 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  if (number !== undefined) bytes.writeUInt32LE(number, 8)
  return bytes
}
