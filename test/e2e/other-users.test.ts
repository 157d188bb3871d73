import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Running } from '../helpers/process.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
/** Somebody else on the same machine: nobody, and one without a name or subordinate ids. */
const [stranger, unnamed] = [65534, 54321]
const env = { PATH: box.env['PATH']!, HOME: '/nonexistent' }

/** Runs a command as another real user: that takes root, as does the whole suite of the end-to-end tests. */
function as(uid: number, argv: string[], more: Record<string, string> = {}) {
  const line = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--', ...argv]
  return new Running(process.getuid?.() === 0 ? line : ['sudo', '--non-interactive', ...line], { env: { ...env, ...more }, cwd: '/' }).exited
}

/** What is below, with its mode; not what is in layers and in containers, where modes are the image's: their parents are closed. */
function walk(path: string, found: string[] = []): string[] {
  const status = lstatSync(path)
  if (!status.isSymbolicLink() && (status.mode & 0o077) !== 0) found.push(`${path} ${(status.mode & 0o7777).toString(8)}`)
  if (status.isDirectory() && !/\/(layers|containers|volumes)\/[^/]+\/./.test(path)) for (const name of readdirSync(path)) walk(join(path, name), found)
  return found
}

describe('another user of the machine', () => {
  it('can list nothing of the store and of the run folder (CVE-2021-41091)', async () => {
    await box.ok('run', '-d', '--name', 'open', '--network', 'none', 'busybox', 'sleep', '1000')
    for (const path of [box.data, join(box.run, 'lichen')]) {
      expect(lstatSync(path).mode & 0o7777).toBe(0o700)
      expect(await as(stranger, ['ls', path])).toMatchObject({ stdout: '', stderr: expect.stringContaining('Permission denied') })
    }
    // Whoever is let into the top by mistake finds the next door closed.
    expect(walk(join(box.run, 'lichen'))).toEqual([])
    for (const name of readdirSync(box.data)) expect([name, lstatSync(join(box.data, name)).mode & 0o022]).toEqual([name, 0])
  })

  it("can't use the store as his own", async () => {
    for (const path of [box.top, box.data]) chmodSync(path, 0o755)
    const { code, stderr } = await as(stranger, [box.command, '--root', box.data, 'ps'])
    for (const path of [box.top, box.data]) chmodSync(path, 0o700)
    expect([code, stderr.split('\n')[0]]).toEqual([125, expect.stringMatching(/^Error: .* belongs to uid \d+, not to you \(uid 65534\)$/)])
  })

  it('is turned away by sockets, even where a mode lets him come near (CVE-2020-15257)', async () => {
    await box.ok('run', '-d', '-i', '--name', 'open', '--network', 'none', 'busybox', 'cat')
    const sockets = socketsBelow(box.run)
    expect(sockets.length).toBeGreaterThan(0)
    // None without a file, which would have no mode.
    const abstract = readFileSync('/proc/net/unix', 'utf8').split('\n')
    expect(abstract.filter((line) => / @.*lichen/.test(line))).toEqual([])
    const folders = [box.top, box.run, ...sockets.flatMap((path) => parents(path, box.run)), ...sockets]
    const modes = folders.map((path) => lstatSync(path).mode & 0o7777)
    const knock = `const s = require('net').connect(process.argv[1]); s.on('connect', () => console.log('connected')).on('error', (e) => console.log(e.code)).on('data', () => console.log('data')).on('close', () => console.log('closed'))`
    for (const path of sockets) expect(await as(stranger, [process.execPath, '-e', knock, path])).toMatchObject({ stdout: 'EACCES\nclosed\n' })
    for (const path of folders) chmodSync(path, lstatSync(path).isDirectory() ? 0o755 : 0o666)
    for (const path of sockets) {
      const { stdout } = await as(stranger, [process.execPath, '-e', knock, path])
      expect([path, stdout.replace('EPIPE\n', '').replace('ECONNRESET\n', '')]).toEqual([path, 'connected\nclosed\n'])
    }
    for (const [at, path] of folders.entries()) chmodSync(path, modes[at]!)
    // And it is still there for its owner.
    const attached = box.start(['attach', 'open'], { interactive: true })
    attached.write('still here\n')
    await attached.printed('still here')
    attached.kill('SIGKILL')
    await attached.exited
  })
})

function parents(path: string, below: string): string[] {
  const names = path.slice(below.length + 1).split('/')
  return names.slice(0, -1).map((_, at) => join(below, ...names.slice(0, at + 1)))
}

function socketsBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? socketsBelow(join(path, entry.name)) : entry.isSocket() ? [join(path, entry.name)] : [],
  )
}

describe('who was in /tmp first', () => {
  const place = `/tmp/lichen-${unnamed}`
  const root = mkdtempSync('/tmp/lichen-unnamed-')
  chownSync(root, unnamed, unnamed)
  const strangersFolder = (mode: number) => {
    mkdirSync(place)
    chmodSync(place, mode)
    chownSync(place, stranger, stranger)
  }
  afterEach(() => rmSync(place, { recursive: true, force: true }))

  it.each<[string, () => void, RegExp]>([
    ['a folder of his', () => strangersFolder(0o777), /belongs to uid 65534/],
    ['a closed one of his', () => strangersFolder(0o700), /belongs to uid 65534/],
    ['a link to a folder that is ours', () => symlinkSync(root, place), /is not a folder/],
  ])('gains nothing: %s', async (_, prepare, why) => {
    prepare()
    const { code, stdout, stderr } = await as(unnamed, [box.command, '--root', join(root, 'data'), 'ps'], { HOME: root })
    expect([code, stdout, stderr]).toEqual([125, '', expect.stringMatching(why)])
    expect(stderr).toMatch(/^Error: the run folder \/tmp\/lichen-54321 is not safe to use: it .*\nhint: /)
    if (lstatSync(place).isDirectory()) expect(readdirSync(place)).toEqual([])
  })

  it('but a folder of ours is made there, closed, where there is none', async () => {
    expect(existsSync(place)).toBe(false)
    expect(await as(unnamed, [box.command, '--root', join(root, 'data'), 'ps', '-q'], { HOME: root })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect([lstatSync(place).mode & 0o7777, lstatSync(place).uid]).toEqual([0o700, unnamed])
    rmSync(root, { recursive: true })
  })
})

it('what a variable holds is in no command line, while a container runs and while a process is executed in it', async () => {
  const word = `w${process.pid}${Date.now().toString(36)}`
  const names = { env: { TOKEN: word } }
  expect(await box.start(['run', '-d', '--name', 'holder', '-e', 'TOKEN', 'busybox', 'sleep', '1000'], names).exited).toMatchObject({ code: 0 })
  const inside = box.start(['exec', '-i', '-e', 'TOKEN', 'holder', 'sh', '-c', 'echo "$TOKEN"; exec cat'], { ...names, interactive: true })
  await inside.printed(word)
  const lines = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? commandLine(pid) : []))
  expect(lines.some((line) => line.includes('lichen'))).toBe(true)
  expect(lines.filter((line) => line.includes(word))).toEqual([])
  inside.end()
  expect(await inside.exited).toMatchObject({ code: 0, stdout: `${word}\n` })
})

function commandLine(pid: string): string[] {
  try {
    return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
  } catch {
    return []
  }
}
