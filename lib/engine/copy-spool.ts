import { createReadStream } from 'node:fs'
import { mkdir, open, unlink } from 'node:fs/promises'
import { type PackInput, packFiles, type UnpackInput, unpackFiles } from '../runtime/view.ts'
import { temporaryDir } from '../system/paths.ts'
import { randomHex } from '../system/random.ts'

/** Copies by way of a file without a name, where both ends can't be open at once. Gives the bytes as a tar. */
export async function spooled(from: PackInput, to: UnpackInput): Promise<number> {
  const folder = temporaryDir(from.context.paths)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = `${folder}/image-copy-${randomHex(8)}`
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    const records = packFiles(from)
    let step = await records.next()
    for (; !step.done; step = await records.next()) await file.writeFile(step.value)
    const target = unpackFiles(to)
    try {
      for await (const part of createReadStream('', { fd: file.fd, start: 0, autoClose: false, highWaterMark: 1 << 20 })) await target.write([part as Buffer])
      await target.finish()
    } finally {
      await target.abandon()
    }
    return step.value.bytes
  } finally {
    await file.close()
  }
}
