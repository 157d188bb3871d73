import { expect, test } from 'vitest'
import { addon } from '../../../lib/system/addon.ts'

/** Input that each call takes, and that does no harm. Calls without any, and execve, which would be the end of us, are not among them. */
const calls: Record<string, Record<string, unknown>> = {
  sealedMemfd: { name: 'x', bytes: Buffer.alloc(1) },
  socketPair: { type: 'stream' },
  connectUnix: { path: '/nope' },
  readFd: { fd: -1, size: 1 },
  writeFd: { fd: -1, parts: [] },
  spawn: { file: '/nope', argv: ['x'], env: ['A=b'], fds: [[1, 1]], setsid: false, cwd: '/' },
  waitPid: { pid: 2 ** 22 + 1 },
  ofdLock: { fd: -1, mode: 'read', wait: false },
  ofdTest: { fd: -1 },
  flock: { fd: -1, mode: 'shared', wait: false },
  pidfdOpen: { pid: process.pid },
  pidfdSendSignal: { pid: process.pid, startTime: 1, signal: 0 },
  kill: { pid: process.pid, signal: 0 },
  processStartTime: { pid: process.pid },
  relay: { socketFd: -1, controlFd: -1, stdin: -1, stdout: -1, stderr: -1, detachKeys: Buffer.alloc(0) },
  windowSize: { fd: -1 },
  rawMode: { fd: -1 },
  restoreMode: { fd: -1, mode: Buffer.alloc(60) },
  openInRoot: { root: '/nope', path: 'x', flags: 0 },
  statfsType: { path: '/nope' },
  getxattr: { path: '/nope', name: 'user.x' },
  setxattr: { path: '/nope', name: 'user.x', value: Buffer.alloc(0) },
  seccompProgram: { profile: { defaultAction: 'SCMP_ACT_ALLOW' } },
  passwordEntry: { uid: 0 },
}

const throwing = new Proxy([], {
  get() {
    throw new RangeError('from a getter')
  },
})
const hostile: unknown[] = [
  undefined,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e300,
  1n,
  '',
  'a\0b',
  '\ud800',
  'x'.repeat(100_000),
  true,
  {},
  [1, 'a', null],
  new Array(3),
  [[[]], [1], [1, 2, 3], ['a', 'b'], [-1, -1], [2 ** 31, 0]],
  () => {},
  Symbol('x'),
  new Float64Array(2),
  new Uint8Array(0),
  detached(),
  throwing,
]

// Whatever comes of it, an error or a result, it is one that JavaScript can see.
test.each(Object.entries(calls))('%s survives any input', async (name, input) => {
  for (const value of hostile) {
    for (const field of Object.keys(input)) await attempt(name, { ...input, [field]: value })
    await attempt(name, value)
  }
})

test('processes are named one by one', () => {
  for (const pid of [0, -1, -process.pid]) {
    expect(() => addon.kill({ pid, signal: 0 })).toThrow('pid must be the id of a process')
    expect(() => addon.pidfdSendSignal({ pid, startTime: 1, signal: 0 })).toThrow('pid must be the id of a process')
  }
})

test('a size that no memory has is an error', () => {
  expect(() => addon.readFd({ fd: -1, size: -1 })).toThrow('size must be a whole number from 0 to 16777216')
})

async function attempt(name: string, input: unknown): Promise<void> {
  try {
    await (addon as unknown as Record<string, (input: unknown) => unknown>)[name]!(input)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
  }
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}
