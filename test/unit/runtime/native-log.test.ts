import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { logDriver } from '../../../lib/runtime/protocol.ts'
import { decodeStatus, type Status } from '../../../lib/runtime/status.ts'
import { recordSplitter } from '../../../lib/runtime/wire.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-native-log-'))
const program = join(folder, 'program')
const native = new URL('../../../native/runtime/', import.meta.url).pathname
let path: string

beforeAll(() => {
  const sources = ['log', 'logfile', 'journal', 'json', 'utf8', 'moment', 'report', 'records'].map((name) => `${native}${name}.c`)
  const fixture = new URL('../../fixtures/native-log.c', import.meta.url).pathname
  execFileSync('cc', ['-O1', '-D_GNU_SOURCE', '-fsanitize=address,undefined', '-I', native, '-o', program, fixture, ...sources])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  path = join(mkdtempSync(join(folder, 'case-')), 'log')
})

interface Options {
  driver?: keyof typeof logDriver
  extra?: string
  maxSize?: number
  maxFiles?: number
  chunk?: number
  /** Blocks of 1024 bytes that a file may have. */
  fileLimit?: number
}

/** Logs `input`; what was reported meanwhile. */
async function log(input: string | Uint8Array, options: Options = {}): Promise<Status[]> {
  const { driver = 'json-file', maxSize = 0, maxFiles = 1, chunk = 65536, fileLimit, extra = '' } = options
  const argv = [program, String(logDriver[driver]), path, String(maxSize), String(maxFiles), String(chunk), extra]
  const limit = fileLimit === undefined ? '' : `ulimit -f ${fileLimit * 2};`
  // Node's pipes are sockets, which a status descriptor must be.
  const child = spawn('sh', ['-c', `${limit} exec "$@"`, 'sh', ...argv], { stdio: ['pipe', 'inherit', 'inherit', 'ignore', 'pipe'] })
  const split = recordSplitter()
  const statuses: Status[] = []
  child.stdio[4]?.on('data', (bytes: Buffer) => statuses.push(...split(bytes).map(decodeStatus)))
  child.stdin?.end(input)
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).toBe(0)
  return statuses
}

const text = (name = path) => readFileSync(name, 'utf8')
const lines = (name = path) => text(name).split('\n').slice(0, -1)
const logged = () => lines().map((line) => (JSON.parse(line) as { log: string }).log)
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z`

describe('json-file', () => {
  it('writes lines as Docker does', async () => {
    await log('hello\n')
    expect(text()).toMatch(new RegExp(`^\\{"log":"hello\\\\n","stream":"stdout","time":"${TIME}"\\}\n$`))
  })

  it.each([
    ['\t\r\b\x1b\x7f', `${String.raw`\u0009\r\u0008\u001b`}\x7f`],
    ['"\\/', String.raw`\"\\/`],
    ['<&>', String.raw`\u003c\u0026\u003e`],
    ['é日😀', 'é日😀'],
    ['\u2028\u2029', String.raw`\u2028\u2029`],
  ])('escapes %j', async (input, inside) => {
    await log(`${input}\n`)
    expect(text()).toContain(`{"log":"${inside}\\n",`)
  })

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a cut character', [0xe2, 0x82]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an overlong form of three bytes', [0xe0, 0x9f, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['what is beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['0xff', [0xff]],
  ])('puts U+FFFD for each byte of %s', async (_, bytes) => {
    await log(Buffer.from([0x61, ...bytes, 0x62, 0x0a]))
    expect(logged()).toEqual([`a${'\ufffd'.repeat(bytes.length)}b\n`])
  })

  it.each([1, 7, 4096, 65536])('finds the lines whatever the chunks (%d)', async (chunk) => {
    const input = Array.from({ length: 200 }, (_, at) => `line ${'x'.repeat(at)}`)
    await log(`${input.join('\n')}\n`, { chunk })
    expect(logged()).toEqual(input.map((line) => `${line}\n`))
  })

  it.each([
    [16383, [`${'x'.repeat(16383)}\n`]],
    [16384, ['x'.repeat(16384), '\n']],
    [40000, ['x'.repeat(16384), 'x'.repeat(16384), `${'x'.repeat(7232)}\n`]],
  ])('cuts a line of %d bytes where Docker does', async (length, pieces) => {
    for (const chunk of [1000, 65536]) {
      rmSync(path, { force: true })
      await log(`${'x'.repeat(length)}\n`, { chunk })
      expect(logged()).toEqual(pieces)
    }
  })

  it('has room for the longest that a piece can become', async () => {
    await log(Buffer.alloc(200_000, 1))
    expect(logged().join('')).toBe('\u0001'.repeat(200_000))
  })

  it('logs what has no line end when the stream ends', async () => {
    await log('a\nb')
    expect(logged()).toEqual(['a\n', 'b'])
  })

  it('goes on in a log that is there', async () => {
    await log('a\n')
    await log('b\n')
    expect(logged()).toEqual(['a\n', 'b\n'])
  })
})

describe('attributes', () => {
  it("stand where Docker's do", async () => {
    await log(`a\n${'x'.repeat(20_000)}`, { extra: '"attrs":{"a":"b"},' })
    expect(lines().map((line) => line.replace(/x+/, 'x').replace(/time":.*/, 'time'))).toEqual([
      String.raw`{"log":"a\n","stream":"stdout","attrs":{"a":"b"},"time`,
      '{"log":"x","stream":"stdout","attrs":{"a":"b"},"time',
      '{"log":"x","stream":"stdout","attrs":{"a":"b"},"time',
    ])
  })
})

describe('journald', () => {
  /** A socket like the journal's; how often it is to be read before it is closed. */
  const listener = (times: number) => {
    const script = `import socket,sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("ready", flush=True)
for i in range(int(sys.argv[2])): print(s.recv(1 << 20).hex(), flush=True)`
    const child = spawn('python3', ['-c', script, path, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
    const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
    const datagrams = new Promise<Buffer[]>((resolve) =>
      child.on('close', () =>
        resolve(
          text
            .trim()
            .split('\n')
            .slice(1)
            .map((hex) => Buffer.from(hex, 'hex')),
        ),
      ),
    )
    return { ready, datagrams }
  }

  it('sends an entry for each line, whatever is in it', async () => {
    const journal = listener(3)
    await journal.ready
    await log(Buffer.concat([Buffer.from('one\n'), Buffer.from([0xff, 0x00, 0x0a]), Buffer.from('end')]), { driver: 'journald', extra: 'CONTAINER_NAME=box\n' })
    const entries = await journal.datagrams
    const size = (length: number) => `MESSAGE\n${String.fromCharCode(length)}${'\0'.repeat(7)}`
    const head = new RegExp(`^PRIORITY=6\nSYSLOG_TIMESTAMP=${TIME}\nCONTAINER_LOG_EPOCH=${TIME}\nCONTAINER_LOG_ORDINAL=(\\d+)\nCONTAINER_NAME=box\n`)
    expect(entries.map((entry) => entry.toString('latin1').replace(head, '$1 '))).toEqual([
      `1 ${size(3)}one\n`,
      `2 ${size(2)}\xff\0\n`,
      `3 CONTAINER_PARTIAL_MESSAGE=true\n${size(3)}end\n`,
    ])
  })

  it('fails at once where there is none', async () => {
    const child = spawn(program, ['3', path, '0', '1', '100'], { stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'pipe'] })
    const split = recordSplitter()
    const statuses: Status[] = []
    child.stdio[4]?.on('data', (bytes: Buffer) => statuses.push(...split(bytes).map(decodeStatus)))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(125)
    expect(statuses).toMatchObject([{ kind: 'failed', failure: { stage: 'log', errno: 2, subject: path } }])
  })
})

describe('k8s-file', () => {
  it('marks whole lines and parts', async () => {
    await log(`${'x'.repeat(16384)}yz\nend`, { driver: 'k8s-file' })
    const [first, second, third] = lines()
    expect(first).toMatch(new RegExp(`^${TIME} stdout P x{16384}$`))
    expect(second).toMatch(new RegExp(`^${TIME} stdout F yz$`))
    expect(third).toMatch(new RegExp(`^${TIME} stdout P end$`))
  })

  it('leaves bytes as they are', async () => {
    await log(Buffer.from([0xff, 0x00, 0x22, 0x0a]), { driver: 'k8s-file' })
    expect(readFileSync(path).subarray(-4)).toEqual(Buffer.from([0xff, 0x00, 0x22, 0x0a]))
  })
})

describe('rotation', () => {
  const input = Array.from({ length: 1000 }, (_, at) => `line ${at}\n`).join('')

  it('keeps as many files as it may, none longer than the limit and a line', async () => {
    await log(input, { maxSize: 10_000, maxFiles: 3 })
    const files = readdirSync(join(path, '..')).sort()
    expect(files).toEqual(['log', 'log.1', 'log.2'])
    for (const name of ['log.1', 'log.2']) {
      const { length } = text(join(path, '..', name))
      expect(length).toBeGreaterThanOrEqual(10_000)
      expect(length).toBeLessThan(10_200)
    }
  })

  it('loses nothing between two files, and cuts no line', async () => {
    await log(input, { maxSize: 10_000, maxFiles: 100 })
    const count = readdirSync(join(path, '..')).length
    const names = Array.from({ length: count - 1 }, (_, at) => `${path}.${count - 1 - at}`)
    const all = [...names, path].flatMap((name) => lines(name).map((line) => (JSON.parse(line) as { log: string }).log))
    expect(all.join('')).toBe(input)
  })

  it('starts anew where there may be one file only', async () => {
    await log(input, { maxSize: 10_000, maxFiles: 1 })
    expect(readdirSync(join(path, '..'))).toEqual(['log'])
    expect(text().length).toBeLessThan(10_200)
    expect(logged().at(-1)).toBe('line 999\n')
  })
})

describe('a disk that is full', () => {
  it('costs lines and one warning, and leaves no half of a line', async () => {
    const statuses = await log('0123456789\n'.repeat(10_000), { fileLimit: 64, chunk: 5000 })
    expect(statuses).toHaveLength(1)
    expect(statuses[0]).toMatchObject({ kind: 'warning', failure: { stage: 'log', subject: path } })
    expect(text().endsWith('\n')).toBe(true)
    for (const line of lines()) JSON.parse(line)
    expect(text().length).toBeGreaterThan(65_000)
  })
})
