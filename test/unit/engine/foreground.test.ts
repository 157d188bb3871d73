import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addon } from '../../../lib/system/addon.ts'
import type { ClientOptions } from '../../fixtures/attach-client.ts'
import { AttachPeer } from '../../helpers/attach-peer.ts'
import { addonFolder, bundle, findBun } from '../../helpers/bundle.ts'
import { Terminal } from '../../helpers/terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-foreground-'))
const client = join(folder, 'attach-client.mjs')
beforeAll(() => {
  bundle(fileURLToPath(new URL('../../fixtures/attach-client.ts', import.meta.url)), client)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = { LICHEN_LIBEXEC: addonFolder, PS1: 'ready> ' }
/** Without line editing, which has ideas of its own about the terminal. */
const shell = ['sh', '-i', '+o', 'emacs', '+o', 'vi']

const signals = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTSTP',
  'SIGXCPU',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGWINCH',
] as const

/** Says which signals it gets. */
const recorder = `for (const name of ${JSON.stringify(signals)}) process.on(name, () => console.log(name)); console.log('ready'); setInterval(() => {}, 1e6)`

describe.each([
  ['node', process.execPath],
  ['bun', findBun()],
])('%s', (_, engine) => {
  let peer: AttachPeer
  let target: ChildProcess
  let heard = ''
  let terminal: Terminal | undefined
  let attached: ChildProcess | undefined
  let options: ClientOptions

  beforeEach(async () => {
    peer = new AttachPeer()
    target = spawn(process.execPath, ['-e', recorder], { stdio: ['ignore', 'pipe', 'inherit'] })
    heard = ''
    target.stdout!.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    await hears('ready\n')
    const pid = target.pid!
    options = { tty: true, stdin: true, stdout: true, stderr: true, sigProxy: true, detachKeys: '\x10\x11', pid, startTime: addon.processStartTime({ pid })! }
  })
  afterEach(() => {
    peer.close()
    terminal?.kill()
    attached?.kill('SIGKILL')
    target.kill('SIGKILL')
    terminal = attached = undefined
  })

  async function hears(text: string): Promise<void> {
    while (!heard.includes(text)) await new Promise((resolve) => target.stdout!.once('data', resolve))
    heard = heard.replace(text, '')
  }

  const commandLine = (changes: Partial<ClientOptions> = {}) => [engine, client, JSON.stringify({ ...options, ...changes })]
  const onTerminal = (argv: string[]) => (terminal = new Terminal(argv, { fds: [peer.client], env }))
  const inTheShell = async (changes: Partial<ClientOptions> = {}, how = '') => {
    const user = onTerminal(shell)
    await user.until('ready> ')
    user.type(`'${commandLine(changes).join("' '")}'${how}\n`)
    return user
  }
  const outcome = async (of: Terminal) => JSON.parse(String(await new Promise<Buffer>((resolve) => of.result.once('data', resolve)))) as unknown
  const size = async () => {
    const payload = await peer.expect('RESIZE')
    return [payload.readUInt32LE(0), payload.readUInt32LE(4)]
  }

  test('a terminal session: keys go as bytes, sizes are told, the terminal is as before', async () => {
    const user = await inTheShell()
    await peer.expect('HELLO')
    expect(await size()).toEqual([24, 80])
    expect(await user.mode()).toBe('raw')
    peer.send('STDOUT', '\x1b[31mprompt\r\n')
    await user.until('\x1b[31mprompt\r\n')
    user.type('\x03\x1a\x04\x13')
    expect(await peer.typed('\x13')).toBe('\x03\x1a\x04\x13')
    await user.resize(50, 132)
    expect(await size()).toEqual([50, 132])
    const result = outcome(user)
    peer.exit(3)
    expect(await result).toEqual({ kind: 'exited', code: 3 })
    await user.until('ready> ')
    expect(await user.mode()).toBe('cooked')
    expect(heard).toBe('')
  })

  test('detaching', async () => {
    const user = await inTheShell()
    await peer.expect('HELLO')
    await user.untilMode('raw')
    const result = outcome(user)
    user.type('ls\x10')
    user.type('\x11')
    expect(await result).toEqual({ kind: 'detached' })
    await user.until('ready> ')
    expect(await user.mode()).toBe('cooked')
  })

  test('a program that has been running is told two sizes, so that it draws', async () => {
    onTerminal(commandLine({ redraw: true }))
    await peer.expect('HELLO')
    expect([await size(), await size()]).toEqual([
      [25, 81],
      [24, 80],
    ])
  })

  describe('however it ends, the terminal is as it was', () => {
    test.each([
      ['SIGTERM', 143],
      ['SIGHUP', 129],
      ['SIGINT', 130],
      ['SIGQUIT', 131],
      ['SIGUSR1', 138],
    ] as const)('killed by %s', async (signal, status) => {
      const user = await inTheShell({ sigProxy: false })
      await peer.expect('HELLO')
      await user.untilMode('raw')
      process.kill(await clientPid(), signal)
      await user.until('ready> ')
      expect(await user.mode()).toBe('cooked')
      user.type('echo status $?\n')
      await user.until(`status ${status}`)
    })

    test('by an abrupt exit', async () => {
      const user = await inTheShell({ exitAfter: 300 })
      await peer.expect('HELLO')
      await user.untilMode('raw')
      await user.until('ready> ')
      expect(await user.mode()).toBe('cooked')
    })
  })

  test('every signal is handed on', async () => {
    attached = spawn(engine, [client, JSON.stringify({ ...options, tty: false, stdin: false })], {
      stdio: ['ignore', 'ignore', 'inherit', peer.client, 'pipe'],
      env: { ...process.env, ...env },
    })
    await peer.expect('HELLO')
    for (const name of signals) {
      attached.kill(name)
      await hears(`${name}\n`)
    }
    peer.exit(0)
    expect(await new Promise((resolve) => attached!.on('exit', resolve))).toBe(0)
  })

  describe('job control', () => {
    test('stopped and brought back, with the terminal in the right mode each time', async () => {
      const user = await inTheShell({ sigProxy: false })
      await peer.expect('HELLO')
      await size()
      await user.untilMode('raw')
      process.kill(await clientPid(), 'SIGTSTP')
      await user.until(/Stopped[\s\S]*ready> /)
      expect(await user.mode()).toBe('cooked')
      await user.resize(30, 90)
      user.type('fg\n')
      expect(await size()).toEqual([30, 90])
      await user.untilMode('raw')
      user.type('typed')
      expect(await peer.typed('typed')).toBe('typed')
      peer.exit(0)
      await user.until('ready> ')
      expect(await user.mode()).toBe('cooked')
    })

    test('started in the background it waits for the terminal', async () => {
      const user = await inTheShell({ sigProxy: false }, ' &')
      await user.until('ready> ')
      await isStopped(await clientPid())
      expect(await user.mode()).toBe('cooked')
      user.type('fg\n')
      await peer.expect('HELLO')
      await user.untilMode('raw')
      peer.exit(0)
      await user.until('ready> ')
    })

    test('a reader in the background is stopped, and goes on with what is typed then', async () => {
      const user = await inTheShell({ tty: false }, ' &')
      await user.until('ready> ')
      await isStopped(await clientPid())
      user.type('fg\n')
      await peer.expect('HELLO')
      user.type('hello\n')
      expect(await peer.typed('\n')).toBe('hello\n')
      user.type('\x04')
      await peer.expect('STDIN_EOF')
      peer.exit(0)
      await user.until('ready> ')
    })
  })

  test('a terminal that hangs up ends the input', async () => {
    const user = onTerminal(commandLine())
    await peer.expect('HELLO')
    await size()
    await user.hangUp()
    await peer.expect('STDIN_EOF')
    await hears('SIGHUP\n')
  })

  test('output into a pipe that nobody reads any more does not hang', async () => {
    const argv = [client, JSON.stringify({ ...options, tty: false, stdin: false })].map((word) => `'${word}'`).join(' ')
    attached = spawn('sh', ['-c', `'${engine}' ${argv} | head -n 1`], {
      stdio: ['ignore', 'pipe', 'inherit', peer.client, 'pipe'],
      env: { ...process.env, ...env },
    })
    const result = new Promise<Buffer>((resolve) => (attached!.stdio as unknown as NodeJS.ReadableStream[])[4]!.once('data', resolve))
    const output = new Promise<Buffer>((resolve) => attached!.stdout!.once('data', resolve))
    await peer.expect('HELLO')
    const flood = setInterval(() => peer.send('STDOUT', 'y\n'.repeat(1000)), 1)
    expect(String(await output)).toBe('y\n')
    expect(JSON.parse(String(await result))).toEqual({ kind: 'closed' })
    clearInterval(flood)
    expect(await new Promise((resolve) => attached!.on('exit', resolve))).toBe(0)
  })

  async function clientPid(): Promise<number> {
    for (;;) {
      for (const name of readdirSync('/proc')) {
        const line = /^\d+$/.test(name) ? await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '') : ''
        if (line.startsWith(`${engine}\0${client}\0`) && line.includes(`"pid":${target.pid},`)) return Number(name)
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async function isStopped(pid: number): Promise<void> {
    while (!/^State:\s+T/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))) await new Promise((resolve) => setTimeout(resolve, 10))
  }
})
