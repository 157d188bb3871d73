import { TarError } from './tar-error.ts'

/** Names are bytes, whatever their encoding: one character a byte ("latin1"). */
export interface RawHeader {
  name: string
  mode: number
  uid: number
  gid: number
  size: number
  /** Seconds. */
  mtime: number
  /** One character; "0" for the NUL of old archives. */
  type: string
  link: string
  major: number
  minor: number
}

export const BLOCK = 512

/** Undefined for a block of zeros. Reads v7, ustar, star and GNU headers. Throws TarError. */
export function parseHeader(block: Buffer): RawHeader | undefined {
  if (!hasChecksum(block)) {
    if (block.every((byte) => byte === 0)) return undefined
    throw new TarError('a header is damaged, or this is no tar archive')
  }
  const magic = block.toString('latin1', 257, 265)
  const known = magic.startsWith('ustar')
  const name = text(block, 0, 100)
  const prefix = known ? pathPrefix(block, magic) : ''
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!)
  const size = number(block, 124, 12)
  if (size < 0) throw new TarError('an entry has a negative size')
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size,
    mtime: number(block, 136, 12),
    // Archives of before POSIX mark directories so.
    type: block[156] === 0 && name.endsWith('/') ? '5' : type,
    link: text(block, 157, 100),
    major: known ? number(block, 329, 8) : 0,
    minor: known ? number(block, 337, 8) : 0,
  }
}

function hasChecksum(block: Buffer): boolean {
  // The field itself counts as spaces.
  let sum = 8 * 0x20
  for (let at = 0; at < 148; at++) sum += block[at]!
  for (let at = 156; at < BLOCK; at++) sum += block[at]!
  const said = octal(block, 148, 8)
  if (said === sum) return true
  // Some old tars have added up signed bytes.
  const high = block.reduce((count, byte, at) => (byte > 127 && (at < 148 || at >= 156) ? count + 1 : count), 0)
  return said === sum - 256 * high
}

function pathPrefix(block: Buffer, magic: string): string {
  if (magic === 'ustar\u000000') return text(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155)
  // GNU has times there. Docker of 2016, and Go before 1.8, wrote the prefix of long names into GNU headers all the same.
  const times = [345, 357].map((at) => (block[at]! & 0x80 ? 0 : octal(block, at, 12)))
  return times.includes(undefined) ? text(block, 345, 155) : ''
}

/** Up to the first NUL. */
export function text(block: Buffer, at: number, size: number): string {
  const end = block.indexOf(0, at)
  return block.toString('latin1', at, end === -1 || end > at + size ? at + size : end)
}

/** Octal digits, or base 256 where they do not suffice. Throws TarError. */
export function number(block: Buffer, at: number, size: number): number {
  const value = block[at]! & 0x80 ? base256(block, at, size) : octal(block, at, size)
  if (value === undefined || !Number.isSafeInteger(value)) throw new TarError('a header has a number that is none')
  return value
}

/** Between NULs and spaces. Undefined for anything else; what stands behind a NUL does not count. */
function octal(block: Buffer, at: number, size: number): number | undefined {
  const [end, SPACE, ZERO] = [at + size, 0x20, 0x30]
  let value = 0
  let next = at
  while (next < end && (block[next] === 0 || block[next] === SPACE)) next++
  for (; next < end; next++) {
    const digit = block[next]! - ZERO
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  while (next < end && block[next] === SPACE) next++
  return next === end || block[next] === 0 ? value : undefined
}

/** Two's complement, behind a first bit that says so. */
function base256(block: Buffer, at: number, size: number): number {
  const inverse = block[at]! & 0x40 ? 0xff : 0
  let value = (block[at]! ^ inverse) & 0x7f
  for (let i = 1; i < size; i++) value = value * 256 + (block[at + i]! ^ inverse)
  return inverse === 0 ? value : -value - 1
}
