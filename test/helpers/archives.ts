import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Context } from '../../lib/system/context.ts'

export interface TarMember {
  path: string
  /** One character; "0", a file, where absent. */
  type?: string
  content?: string | Uint8Array
  link?: string
  /** Another size than that of the content. */
  size?: number
}

/** A tar as any tool would write it, and as none would. */
export function tar(members: readonly TarMember[], { end = true } = {}): Buffer {
  const parts = members.flatMap(({ path, type = '0', content = '', link = '', size }) => {
    const body = Buffer.from(content)
    return [header(path, type, link, size ?? body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, Buffer.alloc(end ? 1024 : 0)])
}

function header(path: string, type: string, link: string, size: number): Buffer {
  const block = Buffer.alloc(512)
  block.write(path, 0, 100)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(size.toString(8).padStart(11, '0'), 124)
  block.write('00000000000', 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write(link, 157, 100)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

export const digest = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export const hex = (bytes: Uint8Array | string): string => digest(bytes).slice('sha256:'.length)

/** A configuration for layers of these diffIds. */
export const configuration = (diffIds: readonly string[], more: object = {}): string =>
  JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: diffIds }, ...more })

export async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

/** An empty store that goes with the test. */
export async function emptyStore(): Promise<Context> {
  const folder = await mkdtemp(join(tmpdir(), 'lichen-store-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return { paths: { data: folder, run: folder }, config: {}, runtime: '/nonexistent' }
}
