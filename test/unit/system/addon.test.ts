import { once } from 'node:events'
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { addon } from '../../../lib/system/addon.ts'
import { capture, spawn } from '../../../lib/system/spawn.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-addon-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const env = { PATH: '/usr/bin:/bin' }

describe('spawn', () => {
  test('the child has the descriptors that it was given and no others', async () => {
    const leak = openSync('/dev/zero', 'r')
    const { stdout } = await capture({ file: '/bin/ls', argv: ['ls', '-l', '/proc/self/fd'], env })
    closeSync(leak)
    const table = Object.fromEntries([...stdout.matchAll(/(\d+) -> (.*)$/gm)].map(([, fd, target]) => [fd, target]))
    // 3 is the folder that ls reads.
    expect(
      Object.entries(table)
        .filter(([, target]) => !/^\/proc\/\d+\/fd$/.test(String(target)))
        .map(([fd]) => fd),
    ).toEqual(['0', '1', '2'])
    expect(table['0']).toBe('/dev/null')
    expect(table['1']).toMatch(/^pipe:/)
  })

  test('descriptors may change places', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')]
    writeFileSync(a, 'A')
    writeFileSync(b, 'B')
    const fdA = openSync(a, 'r')
    const fdB = openSync(b, 'r')
    const [read, write] = addon.pipe({})
    const child = spawn({
      file: '/bin/sh',
      argv: ['sh', '-c', `cat /proc/self/fd/${fdB} /proc/self/fd/${fdA}`],
      env,
      fds: [
        [fdA, fdB],
        [fdB, fdA],
        [1, write],
      ],
    })
    for (const fd of [fdA, fdB, write]) closeSync(fd)
    expect(await child.exited()).toBe(0)
    expect((await addon.readFd({ fd: read }))?.toString()).toBe('AB')
    closeSync(read)
  })

  test('signals are as a fresh program expects them', async () => {
    process.on('SIGUSR1', ignore)
    const { stdout } = await capture({ file: '/bin/cat', argv: ['cat', '/proc/self/status'], env })
    process.off('SIGUSR1', ignore)
    expect(stdout).toMatch(/SigBlk:\s+0+\n/)
    expect(stdout).toMatch(/SigIgn:\s+0+\n/)
  })

  test('the working directory and the session are its own', async () => {
    const { stdout } = await capture({ file: '/bin/sh', argv: ['sh', '-c', 'pwd; echo $$; cut -d" " -f6 /proc/$$/stat'], env, cwd: folder, setsid: true })
    const [cwd, pid, session] = stdout.trim().split('\n')
    expect(cwd).toBe(folder)
    expect(session).toBe(pid)
  })

  test('a program that is not there, or a folder, is an error here and leaves no child', () => {
    expect(() => spawn({ file: '/nope', argv: ['x'], env })).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'execve', message: expect.stringContaining('/nope') }),
    )
    expect(() => spawn({ file: '/etc', argv: ['x'], env })).toThrow(expect.objectContaining({ code: 'EACCES' }))
    expect(() => spawn({ file: '/bin/true', argv: ['x'], env, cwd: '/nope' })).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'chdir' }))
    expect(() => spawn({ file: '/bin/true', argv: ['x\0y'], env })).toThrow(TypeError)
  })

  test('a program by descriptor', async () => {
    const file = openSync('/bin/sh', 'r')
    expect(await spawn({ file, argv: ['sh', '-c', 'exit 3'], env }).exited()).toBe(3)
    closeSync(file)
  })

  test('exit codes and signals', async () => {
    expect(await spawn({ file: '/bin/sh', argv: ['sh', '-c', 'exit 7'], env }).exited()).toBe(7)
    expect(await spawn({ file: '/bin/sh', argv: ['sh', '-c', 'kill -TERM $$'], env }).exited()).toBe(143)
  })

  test('many waiters do not starve each other', async () => {
    const children = Array.from({ length: 20 }, () => spawn({ file: '/bin/sleep', argv: ['sleep', '0.2'], env }))
    const start = performance.now()
    expect(new Set(await Promise.all(children.map((child) => child.exited())))).toEqual(new Set([0]))
    expect(performance.now() - start).toBeLessThan(1500)
  })

  test('output longer than a pipe, and input', async () => {
    const { stdout, stderr, code } = await capture({
      file: '/bin/sh',
      argv: ['sh', '-c', 'cat; head -c 300000 /dev/zero | tr "\\0" x >&2; exit 4'],
      env,
      stdin: 'in',
    })
    expect([stdout, stderr.length, code]).toEqual(['in', 300000, 4])
  })
})

test('a connection to a unix socket', async () => {
  const path = join(folder, 'socket')
  const server = createServer((client) => client.end('hello')).listen(path)
  await once(server, 'listening')
  const fd = addon.connectUnix({ path })
  expect((await addon.readFd({ fd }))?.toString()).toBe('hello')
  closeSync(fd)
  server.close()
  await once(server, 'close')
  expect(() => addon.connectUnix({ path })).toThrow(expect.objectContaining({ code: 'ENOENT', message: expect.stringContaining(path) }))
  expect(() => addon.connectUnix({ path: `/${'x'.repeat(200)}` })).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }))
})

describe('locks', () => {
  test('a lock lives as long as the process that it was handed to', async () => {
    const path = join(folder, 'lock')
    const fd = openSync(path, 'w+')
    expect(addon.ofdLock({ fd, mode: 'write' })).toBe(true)
    const child = spawn({ file: '/bin/sleep', argv: ['sleep', '60'], env, fds: [[3, fd]] })
    closeSync(fd)
    const other = openSync(path, 'r')
    expect(addon.ofdTest({ fd: other })).toBe(true)
    expect(addon.ofdLock({ fd: other, mode: 'read' })).toBe(false)
    const waited = addon.ofdLock({ fd: other, mode: 'read', wait: true })
    addon.kill({ pid: child.pid, signal: 9 })
    expect(await waited).toBe(true)
    expect(addon.ofdTest({ fd: other })).toBe(false)
    expect(await child.exited()).toBe(137)
    closeSync(other)
  })

  test('those who wait are not taken for one who runs', () => {
    const path = join(folder, 'waiters')
    const one = openSync(path, 'w+')
    const two = openSync(path, 'r')
    expect(addon.ofdLock({ fd: two, mode: 'read' })).toBe(true)
    expect(addon.ofdTest({ fd: one })).toBe(false)
    closeSync(one)
    closeSync(two)
  })

  test('flock, shared and exclusive', () => {
    const path = join(folder, 'flock')
    const [one, two] = [openSync(path, 'w+'), openSync(path, 'r')]
    expect(addon.flock({ fd: one, mode: 'shared' })).toBe(true)
    expect(addon.flock({ fd: two, mode: 'shared' })).toBe(true)
    expect(addon.flock({ fd: two, mode: 'exclusive' })).toBe(false)
    addon.flock({ fd: one, mode: 'unlock' })
    expect(addon.flock({ fd: two, mode: 'exclusive' })).toBe(true)
    closeSync(one)
    closeSync(two)
  })
})

test('nobody can change a sealed memfd', () => {
  const fd = addon.sealedMemfd({ name: 'plan', bytes: Buffer.from('plan') })
  const buffer = Buffer.alloc(8)
  expect(readSync(fd, buffer, 0, 8, null)).toBe(4)
  expect(() => writeSync(fd, 'x', 0)).toThrow(expect.objectContaining({ code: 'EPERM' }))
  expect(() => ftruncateSync(fd, 0)).toThrow(expect.objectContaining({ code: 'EPERM' }))
  closeSync(fd)
})

test('a signal goes to the process that was meant, or to none', async () => {
  const child = spawn({ file: '/bin/sleep', argv: ['sleep', '60'], env })
  const startTime = addon.processStartTime({ pid: child.pid }) ?? 0
  expect(startTime).toBeGreaterThan(0)
  expect(() => addon.pidfdSendSignal({ pid: child.pid, startTime: startTime + 1, signal: 9 })).toThrow(expect.objectContaining({ code: 'ESRCH' }))
  addon.pidfdSendSignal({ pid: child.pid, startTime, signal: 15 })
  expect(await child.exited()).toBe(143)
  expect(addon.processStartTime({ pid: child.pid })).toBeUndefined()
})

test('paths are resolved as if the root were /', () => {
  const root = join(folder, 'root')
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), 'inside')
  symlinkSync('/etc/passwd', join(root, 'link'))
  symlinkSync('../../../../../../etc', join(root, 'up'))
  for (const path of ['link', 'up/passwd', '/etc/passwd', '../../etc/passwd']) {
    const fd = addon.openInRoot({ root, path })
    expect(readFileSync(fd, 'utf8')).toBe('inside')
    closeSync(fd)
  }
  expect(() => addon.openInRoot({ root, path: 'nope' })).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  symlinkSync('/proc/self/exe', join(root, 'magic'))
  expect(() => addon.openInRoot({ root, path: 'magic' })).toThrow()
})

test('extended attributes', () => {
  const path = join(folder, 'attributes')
  writeFileSync(path, '')
  expect(addon.getxattr({ path, name: 'user.lichen' })).toBeUndefined()
  addon.setxattr({ path, name: 'user.lichen', value: Buffer.from('y') })
  expect(addon.getxattr({ path, name: 'user.lichen' })?.toString()).toBe('y')
})

test('descriptors of ours are not handed on', () => {
  for (const fd of [...addon.socketPair({}), ...addon.pipe({}), addon.sealedMemfd({ name: 'x', bytes: Buffer.alloc(0) })]) {
    expect(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toMatch(/flags:\s+02\d{6}/)
    closeSync(fd)
  }
})

function ignore() {}

describe('writing to descriptors', () => {
  test('all parts come in their order, more than a pipe holds and more than one call takes', async () => {
    const [read, write] = addon.pipe({})
    const parts = Array.from({ length: 3000 }, (_, at) => Buffer.alloc(at % 700, at))
    const writing = addon.writeFd({ fd: write, parts }).finally(() => closeSync(write))
    const come: Buffer[] = []
    for (let part = await addon.readFd({ fd: read }); part !== null; part = await addon.readFd({ fd: read })) come.push(part)
    await writing
    closeSync(read)
    expect(Buffer.concat(come).equals(Buffer.concat(parts))).toBe(true)
  })

  test('a reader that has gone is an error, and no signal', async () => {
    const [read, write] = addon.pipe({})
    closeSync(read)
    await expect(addon.writeFd({ fd: write, parts: [Buffer.from('x')] })).rejects.toMatchObject({ code: 'EPIPE' })
    closeSync(write)
    expect(() => addon.writeFd({ fd: -1, parts: ['x'] as never })).toThrow('parts must be bytes')
  })
})
