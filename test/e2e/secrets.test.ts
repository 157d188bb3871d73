import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const WORD = 'xyzzy-plugh-geheim'

afterEach(async () => {
  await box.clear()
  await box.ok('secret', 'rm', '--all')
})

async function keep(name: string, content = WORD): Promise<string> {
  const path = join(box.files, 'content')
  writeFileSync(path, content)
  box.give(path)
  return box.ok('secret', 'create', name, path)
}

/** Files below the data root, but for the secrets' own, that hold the word. */
/** Anew where files go meanwhile: a monitor deletes what `run --rm` has left to it. */
function leaks(): string[] {
  try {
    return readdirSync(box.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/secrets'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes(WORD))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return leaks()
    throw error
  }
}

it('are files in memory, with the owner and mode that were asked for', async () => {
  await keep('tok')
  const script = 'cat /run/secrets/tok; stat -c " %u:%g %a" /run/secrets/tok /etc/deep/tok; stat -f -c %T /run/secrets/tok /etc/deep/tok; cat /etc/deep/tok'
  const flags = ['--secret', 'tok', '--secret', 'tok,target=/etc/deep/tok,uid=1000,gid=50,mode=0400']
  expect(await box.ok('run', '--rm', ...flags, 'busybox', 'sh', '-c', script)).toBe(`${WORD} 0:0 444\n 1000:50 400\ntmpfs\ntmpfs\n${WORD}`)
})

it.each(['fuse-overlayfs', 'vfs'])('are there under %s and --userns keep-id', async (driver) => {
  await keep('tok')
  const words = ['run', '--rm', '--network', 'none', '--userns', 'keep-id', '--secret', 'tok', 'busybox', 'cat', '/run/secrets/tok']
  expect(await box.ok('--storage-driver', driver, ...words)).toBe(WORD)
})

it('are bytes, not text', async () => {
  await keep('raw', 'a\0b\n')
  expect(await box.ok('run', '--rm', '--secret', 'raw', 'busybox', 'od', '-An', '-c', '/run/secrets/raw')).toMatch(/^a\s+\\0\s+b\s+\\n$/)
  const { code, stderr } = await box.lichen('run', '--rm', '--secret', 'raw,type=env', 'busybox', 'true')
  expect([code, stderr.split('\n')[0]]).toEqual([125, 'Error: secret raw holds a NUL byte, which no environment variable can have'])
})

it('appear nowhere but in the container: neither on disk, nor in inspect, nor in a command line', async () => {
  await keep('tok')
  await box.ok('run', '-d', '--name', 'holder', '--secret', 'tok', '--secret', 'tok,type=env,target=TOKEN', 'busybox', 'sleep', '1000')
  expect(await box.ok('exec', 'holder', 'sh', '-c', 'echo $TOKEN; cat /run/secrets/tok')).toBe(`${WORD}\n${WORD}`)
  expect(await box.ok('inspect', 'holder')).not.toContain(WORD)
  expect(await box.ok('secret', 'inspect', 'tok')).not.toContain(WORD)
  expect(leaks()).toEqual([])
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(pid))
  expect(lines.filter((line) => line.includes(WORD))).toEqual([])
})

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

it('stay with a container that runs when they are removed, and are missed at its next start', async () => {
  const id = await keep('tok')
  await box.ok('run', '-d', '--name', 'holder', '--secret', 'tok', '--secret', 'tok,type=env', 'busybox', 'sleep', '1000')
  expect(await box.ok('secret', 'rm', 'tok')).toBe(id)
  expect(await box.ok('exec', 'holder', 'sh', '-c', 'cat /run/secrets/tok; echo :$tok')).toBe(`${WORD}:`)
  await box.ok('stop', '-t', '0', 'holder')
  const { code, stderr } = await box.lichen('start', 'holder')
  expect([code, stderr.split('\n')[0]]).toEqual([1, 'Error: no secret with name or id "tok": no such secret'])
})

it('are never written where the user has put a disk', async () => {
  await keep('tok')
  // What it prints would be in its log, until that is deleted.
  const flags = ['--log-driver', 'none', '-v', 'disk:/run/secrets', '--secret', 'tok']
  const run = await box.lichen('run', '--rm', ...flags, 'busybox', 'cat', '/run/secrets/tok')
  expect([run.code, run.stdout, leaks()]).toEqual([0, WORD, []])
})

it('come from standard input and from a variable, and one that is not there is said before anything is made', async () => {
  const create = (args: string[], options: object) => box.start(['secret', 'create', ...args], options).exited
  expect((await create(['--env', 'from-env', 'SOME'], { env: { SOME: 'of the environment' } })).code).toBe(0)
  expect(await box.ok('run', '--rm', '--secret', 'from-env', 'busybox', 'cat', '/run/secrets/from-env')).toBe('of the environment')
  expect((await create(['--env', 'x', 'NOT_SET'], {})).stderr.split('\n')[0]).toBe(
    'Error: cannot create store secret data: environment variable NOT_SET is not set',
  )
  const { code } = await box.lichen('create', '--name', 'none', '--secret', 'nope', 'busybox')
  expect([code, (await box.lichen('secret', 'exists', 'nope')).code, await box.ok('ps', '-aq')]).toEqual([1, 1, ''])
})
