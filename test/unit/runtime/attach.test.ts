import { createHash, randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AttachOptions, attachStreams } from '../../../lib/runtime/attach.ts'
import { helloFlag } from '../../../lib/runtime/protocol.ts'
import { addon } from '../../../lib/system/addon.ts'
import { AttachPeer } from '../../helpers/attach-peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-attach-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let peer: AttachPeer
let open: number[] = []
beforeEach(() => {
  peer = new AttachPeer()
  open = [peer.client]
})
afterEach(() => {
  peer.close()
  for (const fd of open) closeSync(fd)
})

const keep = (...fds: number[]) => {
  open.push(...fds)
  return fds
}
const closeNow = (fd: number) => {
  open = open.filter((other) => other !== fd)
  closeSync(fd)
}
const pipe = () => keep(...addon.pipe({})) as [number, number]
const attach = (options: Partial<AttachOptions> = {}) =>
  attachStreams({ socketFd: peer.client, stdin: -1, stdout: -1, stderr: -1, tty: false, detachKeys: Buffer.from([16, 17]), ...options })

/** All that comes out of a pipe until its other ends are closed. */
async function drain(fd: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let part = await addon.readFd({ fd }); part !== null; part = await addon.readFd({ fd })) parts.push(part)
  return Buffer.concat(parts)
}

test('output arrives whole and in order, and the exit code behind it', async () => {
  const [[outRead, out], [errRead, err]] = [pipe(), pipe()]
  const attached = attach({ stdout: out, stderr: err })
  expect((await peer.expect('HELLO')).readUInt32LE()).toBe(helloFlag.STDOUT | helloFlag.STDERR)
  peer.send('STDOUT', 'one ')
  peer.send('STDERR', 'two')
  peer.send('STDOUT', '')
  peer.send('STDOUT', 'three')
  peer.exit(137)
  expect(await attached).toEqual({ kind: 'exited', code: 137 })
  closeNow(out)
  closeNow(err)
  expect((await drain(outRead)).toString()).toBe('one three')
  expect((await drain(errRead)).toString()).toBe('two')
})

test('megabytes go through a pipe that is read late', async () => {
  const [read, out] = pipe()
  const data = randomBytes(8 * 1024 * 1024)
  const attached = attach({ stdout: out })
  for (let at = 0; at < data.length; at += 65536) peer.send('STDOUT', data.subarray(at, at + 65536))
  peer.exit(0)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const drained = drain(read)
  expect(await attached).toEqual({ kind: 'exited', code: 0 })
  closeNow(out)
  expect(
    createHash('sha1')
      .update(await drained)
      .digest('hex'),
  ).toBe(createHash('sha1').update(data).digest('hex'))
})

test('frames in pieces of every size', async () => {
  const [read, out] = pipe()
  const attached = attach({ stdout: out })
  const bytes = Buffer.concat([frame(5, 'hello '), frame(5, ''), frame(5, 'world'), frame(7, '\x07\0\0\0')])
  for (const byte of bytes) {
    peer.socket.write(Buffer.from([byte]))
    await new Promise(setImmediate)
  }
  expect(await attached).toEqual({ kind: 'exited', code: 7 })
  closeNow(out)
  expect((await drain(read)).toString()).toBe('hello world')
})

describe('stdin', () => {
  test.each(['file', 'pipe'])('from a %s, whole, then its end', async (kind) => {
    const data = randomBytes(1024 * 1024)
    const path = join(folder, 'input')
    writeFileSync(path, data)
    const [file] = keep(openSync(path, 'r')) as [number]
    const [read, write] = pipe()
    const attached = attach({ stdin: kind === 'file' ? file : read })
    if (kind === 'pipe') {
      void (async () => {
        for (let at = 0; at < data.length; at += await writeSome(write, data, at));
        closeNow(write)
      })()
    }
    expect((await peer.expect('HELLO')).readUInt32LE()).toBe(helloFlag.STDIN)
    const parts: Buffer[] = []
    for (let size = 0; size < data.length; size += parts.at(-1)!.length) parts.push(Buffer.from(await peer.expect('STDIN')))
    await peer.expect('STDIN_EOF')
    expect(Buffer.concat(parts).equals(data)).toBe(true)
    peer.exit(0)
    expect(await attached).toEqual({ kind: 'exited', code: 0 })
  })

  test('empty: only its end', async () => {
    const [read, write] = pipe()
    closeNow(write)
    const attached = attach({ stdin: read })
    await peer.expect('HELLO')
    await peer.expect('STDIN_EOF')
    peer.exit(0)
    await attached
  })

  test('a folder has an end and nothing else', async () => {
    const [fd] = keep(openSync(folder, 'r')) as [number]
    const attached = attach({ stdin: fd })
    await peer.expect('HELLO')
    await peer.expect('STDIN_EOF')
    peer.exit(0)
    expect(await attached).toEqual({ kind: 'exited', code: 0 })
  })

  test('its pipe stays as blocking as others who have it expect it to be', async () => {
    const [read, write] = pipe()
    const attached = attach({ stdin: read })
    writeSync(write, 'x')
    await peer.expect('HELLO')
    expect((await peer.expect('STDIN')).toString()).toBe('x')
    expect(Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${read}`, 'utf8'))![1]!, 8) & 0o4000).toBe(0)
    peer.exit(0)
    await attached
  })

  test('no more is read than can be sent: the rest is left to others', async () => {
    const path = join(folder, 'large')
    writeFileSync(path, Buffer.alloc(4 * 1024 * 1024))
    const [fd] = keep(openSync(path, 'r')) as [number]
    peer.socket.pause()
    const attached = attach({ stdin: fd })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(Number(/pos:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1])).toBeLessThan(1024 * 1024)
    peer.exit(3)
    expect(await attached).toEqual({ kind: 'exited', code: 3 })
  })

  test('detach keys mean nothing without a terminal', async () => {
    const [read, write] = pipe()
    const attached = attach({ stdin: read })
    writeSync(write, '\x10\x11')
    await peer.expect('HELLO')
    expect((await peer.expect('STDIN')).toString()).toBe('\x10\x11')
    peer.exit(0)
    await attached
  })
})

describe('detach keys', () => {
  const typing = async (keys: string, texts: string[]) => {
    const [read, write] = pipe()
    const attached = attach({ stdin: read, tty: true, detachKeys: Buffer.from(keys, 'latin1') })
    await peer.expect('HELLO')
    let seen = ''
    for (const text of texts) {
      writeSync(write, Buffer.from(text, 'latin1'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    closeNow(write)
    for (let part = await peer.next(); part !== undefined && part.type !== 3; part = await peer.next()) seen += part.payload.toString('latin1')
    return { seen, attached }
  }

  test.each<[string, string[], string]>([
    ['\x10\x11', ['\x10\x11'], ''],
    ['\x10\x11', ['ls\n', '\x10', '\x11', 'never'], 'ls\n'],
    ['\x10\x11', ['abc\x10x\x10\x11never'], 'abc\x10x'],
    ['a', ['xyza'], 'xyz'],
    ['abc', ['ab', 'ab', 'c', 'abc'], 'ababc'],
  ])('%j in %j', async (keys, texts, before) => {
    const [read, write] = pipe()
    const attached = attach({ stdin: read, tty: true, detachKeys: Buffer.from(keys, 'latin1') })
    for (const text of texts) writeSync(write, Buffer.from(text, 'latin1'))
    expect(await attached).toEqual({ kind: 'detached' })
    closeNow(peer.client)
    await peer.expect('HELLO')
    let seen = ''
    for (let part = await peer.next(); part !== undefined; part = await peer.next()) seen += part.payload.toString('latin1')
    expect(seen).toBe(before)
  })

  test.each<[string, string[]]>([
    ['\x10\x11', ['\x10\x10\x11']],
    ['\x10\x11', ['\x10']],
    ['\x10\x11', ['\x10', 'x', '\x11']],
    ['abc', ['ab', 'abd']],
    ['', ['\x10\x11']],
  ])('%j not in %j: all of it is sent', async (keys, texts) => {
    const { seen, attached } = await typing(keys, texts)
    expect(seen).toBe(texts.join(''))
    peer.exit(0)
    expect(await attached).toEqual({ kind: 'exited', code: 0 })
  })
})

describe('an end without an exit code', () => {
  test('the monitor was killed', async () => {
    const [read, out] = pipe()
    const attached = attach({ stdout: out })
    await peer.expect('HELLO')
    peer.send('STDOUT', 'last words')
    peer.socket.end()
    expect(await attached).toEqual({ kind: 'lost' })
    closeNow(out)
    expect((await drain(read)).toString()).toBe('last words')
  })

  test.each(['stdout', 'stderr'] as const)('nobody reads %s any more', async (name) => {
    const [read, write] = pipe()
    const attached = attach({ [name]: write })
    await peer.expect('HELLO')
    closeNow(read)
    peer.send(name === 'stdout' ? 'STDOUT' : 'STDERR', 'x')
    expect(await attached).toEqual({ kind: 'closed' })
  })

  test('the reader leaves while much is under way', async () => {
    const [read, write] = pipe()
    const attached = attach({ stdout: write })
    for (let count = 0; count < 64; count++) peer.send('STDOUT', Buffer.alloc(65536, 'y'))
    await addon.readFd({ fd: read })
    closeNow(read)
    expect(await attached).toEqual({ kind: 'closed' })
  })

  test('a full disk is an error', async () => {
    const [full] = keep(openSync('/dev/full', 'w')) as [number]
    const attached = attach({ stdout: full })
    peer.send('STDOUT', 'x')
    await expect(attached).rejects.toThrow(expect.objectContaining({ code: 'ENOSPC', message: expect.stringContaining('write(stdout)') }))
  })
})

test('the monitor that no longer takes stdin can still say how it ended', async () => {
  const [read, write] = pipe()
  const [outRead, out] = pipe()
  const attached = attach({ stdin: read, stdout: out })
  await peer.expect('HELLO')
  peer.send('STDOUT', 'bye')
  peer.exit(4)
  writeSync(write, 'too late')
  expect(await attached).toEqual({ kind: 'exited', code: 4 })
  closeNow(out)
  expect((await drain(outRead)).toString()).toBe('bye')
})

test.each<[string, Buffer]>([
  ['an unknown type', frame(99, 'x')],
  ['a type of the client', frame(2, 'x')],
  ['a length that no frame has', Buffer.from([5, 0, 0, 0, 1, 0, 1, 0])],
  ['an endless length', Buffer.from([5, 0, 0, 0, 255, 255, 255, 255])],
  ['an exit without a code', frame(7, '')],
  ['an exit with too much', frame(7, '12345678')],
])('%s is an error', async (_, bytes) => {
  const [, out] = pipe()
  const attached = attach({ stdout: out })
  peer.socket.write(bytes)
  await expect(attached).rejects.toThrow(expect.objectContaining({ code: 'EPROTO', syscall: 'attach' }))
})

test('output that is not attached is passed over', async () => {
  const attached = attach()
  peer.send('STDOUT', Buffer.alloc(65536))
  peer.send('STDERR', 'x')
  peer.exit(0)
  expect(await attached).toEqual({ kind: 'exited', code: 0 })
})

function frame(type: number, payload: string): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(type, 0)
  header.writeUInt32LE(payload.length, 4)
  return Buffer.concat([header, Buffer.from(payload, 'latin1')])
}

/** A blocking pipe may take a part of it; never from the main thread more than fits. */
async function writeSome(fd: number, data: Buffer, at: number): Promise<number> {
  const { write } = await import('node:fs')
  return new Promise((resolve, reject) =>
    write(fd, data, at, Math.min(65536, data.length - at), null, (error, count) => (error ? reject(error) : resolve(count))),
  )
}

test('whatever the other side sends, it comes to an end', async () => {
  const [full] = keep(openSync('/dev/null', 'w')) as [number]
  const random = generator(20)
  for (let round = 0; round < 200; round++) {
    const other = new AttachPeer()
    const attached = attachStreams({ socketFd: other.client, stdin: -1, stdout: full, stderr: full, tty: false, detachKeys: new Uint8Array() })
    const parts = Array.from({ length: random(6) }, () =>
      random(3) === 0 ? Buffer.from(Array.from({ length: random(40) }, () => random(256))) : frame(5 + random(3), 'x'.repeat(random(5))),
    )
    for (const part of parts) other.socket.write(part)
    other.socket.end()
    const result = await attached.catch((error: NodeJS.ErrnoException) => ({ kind: error.code }))
    expect(['exited', 'lost', 'EPROTO']).toContain(result.kind)
    other.close()
    closeSync(other.client)
  }
})

/** The same numbers below `limit` in every run. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % limit
  }
}
