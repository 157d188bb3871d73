import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const MEDIA = 'application/vnd.oci.image'
const POOL = 16 * 1024 * 1024
const LONGEST = 1024 * 1024

/** Numbers from 0 to below 1, the same in each run (xorshift32). */
function numbers(seed) {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
}

/** Bytes that gzip makes about `ratio` times smaller. */
function poolOf(ratio) {
  const random = numbers(0x6c696368)
  const pool = Buffer.alloc(POOL + LONGEST)
  const words = Array.from({ length: 2000 }, () => Buffer.from(Array.from({ length: 3 + Math.floor(random() * 9) }, () => Math.floor(random() * 256))))
  for (let at = 0; at < pool.length; ) {
    // A word that the compressor has seen, or bytes that nobody has.
    const word = words[Math.floor(random() * 40 * ratio) % words.length]
    if (random() < 1 - 1 / ratio) at += word.copy(pool, at)
    else for (let i = 0; i < 5 && at < pool.length; i++) pool[at++] = random() * 256
  }
  return pool
}

/** A layer's tar: files of 100 bytes to 20 kB and, as their share `large` says, of 20 kB to 1 MB; directories and symbolic links among them. */
function* layer({ seed, bytes, large, pool }) {
  const random = numbers(seed)
  let directory = `d${seed}`
  yield header({ name: `${directory}/`, type: '5', mode: 0o755 })
  for (let left = bytes, count = 0; left > 0; count++) {
    if (count % 10 === 9) {
      directory = count % 100 === 99 ? `d${seed}/${count}` : `${directory.split('/').slice(0, 3).join('/')}/${count}`
      yield header({ name: `${directory}/`, type: '5', mode: 0o755 })
    } else if (count % 15 === 14) {
      yield header({ name: `${directory}/link${count}`, type: '2', mode: 0o777, link: `file${count - 1}` })
    } else {
      const [least, most] = random() < large ? [20_000, LONGEST] : [100, 20_000]
      const size = Math.min(left, Math.ceil(least * (most / least) ** random()))
      const from = Math.floor(random() * POOL)
      yield header({ name: `${directory}/file${count}`, type: '0', mode: count % 7 === 0 ? 0o755 : 0o644, size, owner: count % 50 === 0 ? 33 : 0 })
      yield pool.subarray(from, from + size)
      yield Buffer.alloc(-size & 511)
      left -= size
    }
  }
  yield Buffer.alloc(1024)
}

function header({ name, type, mode, size = 0, link = '', owner = 0 }) {
  const block = Buffer.alloc(512)
  const octal = (value, at, length) => block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
  block.write(name, 0, 100)
  octal(mode, 100, 8)
  octal(owner, 108, 8)
  octal(owner, 116, 8)
  octal(size, 124, 12)
  octal(1_700_000_000, 136, 12)
  block.write(`        ${type}`, 148)
  block.write(link, 157, 100)
  block.write('ustar\u000000', 257)
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return block
}

/** Hands on what passes, and knows its digest and length afterwards. */
function meter() {
  const hash = createHash('sha256')
  const stream = new Transform({
    transform(chunk, _, done) {
      hash.update(chunk)
      stream.size += chunk.length
      done(null, chunk)
    },
  })
  stream.size = 0
  stream.digest = () => `sha256:${hash.digest('hex')}`
  return stream
}

/** Writes an image as an OCI layout: `layers` times a tar with `bytes` in its files. The same in each run. */
export async function writeLayout(folder, { layers, bytes, large = 0.05, ratio }) {
  mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true })
  const pool = poolOf(ratio)
  const made = []
  for (let at = 0; at < layers; at++) {
    const [unpacked, packed] = [meter(), meter()]
    const path = join(folder, 'blobs', `layer${at}`)
    await pipeline(Readable.from(layer({ seed: at + 1, bytes, large, pool })), unpacked, createGzip({ level: 6 }), packed, createWriteStream(path))
    const digest = packed.digest()
    await rename(path, join(folder, 'blobs', 'sha256', digest.slice(7)))
    made.push({ diffId: unpacked.digest(), unpacked: unpacked.size, descriptor: { mediaType: `${MEDIA}.layer.v1.tar+gzip`, digest, size: packed.size } })
  }
  const put = (mediaType, value) => {
    const bytes = Buffer.from(JSON.stringify(value))
    const digest = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(folder, 'blobs', 'sha256', digest), bytes)
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length }
  }
  const config = put(`${MEDIA}.config.v1+json`, configuration(made.map(({ diffId }) => diffId)))
  const manifest = put(`${MEDIA}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config,
    layers: made.map(({ descriptor }) => descriptor),
  })
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'bench' } }
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }))
  const sum = (of) => Math.round(made.reduce((total, one) => total + of(one), 0) / 1e6)
  return `${layers} ${layers === 1 ? 'layer' : 'layers'}, ${sum(({ descriptor }) => descriptor.size)} MB, ${sum(({ unpacked }) => unpacked)} MB unpacked`
}

const architecture = process.arch === 'x64' ? 'amd64' : process.arch

const configuration = (diffIds, more = {}) => ({
  architecture,
  os: 'linux',
  created: '2024-01-01T00:00:00Z',
  config: { Cmd: ['true'], Env: ['PATH=/bin'], ...more },
  rootfs: { type: 'layers', diff_ids: diffIds },
})

/** A folder with so many images as `docker save` writes them, for `tar`: one layer for all, a configuration and a name each. */
export function writeDockerArchive(folder, count) {
  mkdirSync(folder, { recursive: true })
  const tar = Buffer.concat([header({ name: 'etc/', type: '5', mode: 0o755 }), Buffer.alloc(1024)])
  const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`
  writeFileSync(join(folder, 'layer.tar'), tar)
  const manifest = Array.from({ length: count }, (_, at) => {
    const bytes = Buffer.from(JSON.stringify(configuration([diffId], { Labels: { number: String(at) } })))
    const name = `${createHash('sha256').update(bytes).digest('hex')}.json`
    writeFileSync(join(folder, name), bytes)
    return { Config: name, RepoTags: [`bench-many:${at}`], Layers: ['layer.tar'] }
  })
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
}
