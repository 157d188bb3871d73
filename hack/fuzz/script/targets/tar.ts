import { type TarEntry, TarReader } from '../../../../lib/image/tar/reader.ts'
import { TarError } from '../../../../lib/image/tar/tar-error.ts'
import { padding, tarHeader } from '../../../../lib/image/tar/write-header.ts'
import { allow, type FuzzTarget, must } from './target.ts'

const BLOCK = 512

interface Read {
  entries: TarEntry[]
  /** Bytes and holes, in order, and where each file begins. */
  content: string[]
  error: string | undefined
}

/** What is told of an archive that comes in pieces of this size. */
function read(archive: Buffer, piece: number): Read {
  const entries: TarEntry[] = []
  const content: string[] = []
  let left = 0
  let bytes = 0
  const take = (count: number) => {
    left -= count
    must(count > 0 && left >= 0, 'content adds up to no more than the size')
  }
  const reader = new TarReader({
    entry(entry) {
      must(left === 0, 'a file is whole before the next entry comes')
      must(Number.isSafeInteger(entry.size) && entry.size >= 0 && (entry.type === 'file' || entry.size === 0), 'sizes are sizes')
      left = entry.size
      entries.push(entry)
      content.push(`@${entries.length}:`)
    },
    data(data) {
      take(data.length)
      bytes += data.length
      content.push(data.toString('latin1'))
    },
    zeros(count) {
      take(count)
      content.push(`#${count}:`)
    },
  })
  let error: string | undefined
  const work = () => {
    for (let at = 0; at < archive.length; at += piece) reader.write(archive.subarray(at, at + piece))
    reader.end()
    must(left === 0, 'an archive that ends well ends with a whole file')
    return true
  }
  allow(work, (caught) => {
    error = caught instanceof TarError ? caught.message : undefined
    return error !== undefined
  })
  must(bytes <= archive.length && entries.length * BLOCK <= archive.length, 'no more comes out than went in')
  return { entries, content, error }
}

/** What we write of an entry is read as that entry. */
function checkRoundTrip(entry: TarEntry): void {
  const written = { ...entry, size: Math.min(entry.size, 10), mode: entry.mode & 0o7777 }
  if (!Number.isSafeInteger(entry.mtime.seconds) || entry.name === '' || entry.name.includes('\0') || entry.link.includes('\0')) return
  if (
    entry.xattrs.some(([name]) => /[=\0]/.test(name)) ||
    entry.uid < 0 ||
    entry.gid < 0 ||
    Math.max(entry.major, entry.minor) > 0o7777777 ||
    Math.min(entry.major, entry.minor) < 0
  )
    return
  const body = Buffer.alloc(written.size, 'x')
  const { entries, error } = read(Buffer.concat([tarHeader(written), body, padding(body.length)]), BLOCK)
  const [again] = entries
  const shown = (one: TarEntry | undefined) => JSON.stringify(one === undefined ? undefined : { ...one, mtime: one.mtime.seconds })
  must(error === undefined && shown(again) === shown(written), `${shown(written)} is written so that it is read as ${shown(again)} (${error})`)
}

/** Layers and archives: the first byte says how large the pieces are in which one comes. */
export const target: FuzzTarget = {
  max: 6144,
  words: [
    'ustar\x0000',
    'ustar  \0',
    'tar\0',
    '20 path=../../../etc\n',
    '22 GNU.sparse.major=1\n',
    '22 GNU.sparse.minor=0\n',
    '30 GNU.sparse.realsize=100000\n',
    '23 GNU.sparse.map=0,1\n',
    '20 size=00000000100\n',
    '26 SCHILY.xattr.user.a=b\n',
    '0000644\0',
    '00000000000\0',
    '\x80\0\0\0\0\0\0\0\0\0\0\x01',
    'x',
    'g',
    'L',
    'K',
    'S',
    '5',
  ],
  run(input) {
    const archive = input.subarray(1)
    const whole = read(archive, Math.max(1, archive.length))
    const parts = read(archive, 1 + (input[0] ?? 0) * 3)
    must(JSON.stringify(whole.entries) === JSON.stringify(parts.entries) && whole.error === parts.error, 'an archive means the same however it is cut')
    must(whole.error !== undefined || join(whole.content) === join(parts.content), 'its content, too')
    for (const entry of whole.entries) checkRoundTrip(entry)
  },
  repair(input, random) {
    if (random.below(8) === 0) return input
    const bytes = Buffer.from(input)
    for (let at = 1; at + BLOCK <= bytes.length; at += BLOCK) {
      const block = bytes.subarray(at, at + BLOCK)
      if (!block.toString('latin1', 257, 262).startsWith('ustar') && random.below(4) !== 0) continue
      if (block[156] === 'x'.charCodeAt(0) && at + 2 * BLOCK <= bytes.length) mendRecords(block, bytes.subarray(at + BLOCK, at + 2 * BLOCK))
      mendSum(block)
    }
    return bytes
  },
}

const join = (content: readonly string[]) => content.join('')

/** "LENGTH KEYWORD=VALUE\n" with lengths that fit, in one block. */
function mendRecords(header: Buffer, body: Buffer): void {
  const lines = body
    .toString('latin1')
    .replace(/\0+$/, '')
    .split('\n')
    .filter((line) => line.includes('='))
  const records = lines.map((line) => {
    const rest = ` ${line.replace(/^\d* ?/, '')}\n`
    const guess = rest.length + String(rest.length).length
    return `${rest.length + String(guess).length}${rest}`
  })
  const text = records.join('').slice(0, BLOCK)
  body.fill(0)
  body.write(text, 'latin1')
  header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
}

function mendSum(block: Buffer): void {
  block.write('        ', 148, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}
