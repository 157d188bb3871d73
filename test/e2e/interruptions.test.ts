import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const DELAYS = [0, 20, 45, 90]

/** Starts a command and kills it after so many milliseconds, be it before anything or behind everything. */
async function killed(delay: number, ...words: string[]): Promise<void> {
  const running = box.start(words)
  await new Promise((resolve) => setTimeout(resolve, delay))
  running.kill('SIGKILL')
  await running.exited
}

/** What was left half done is swept up, and nothing else was wrong. */
async function sound(): Promise<void> {
  await box.lichen('system', 'check', '--repair')
  expect(await box.lichen('system', 'check')).toEqual({ code: 0, stdout: '', stderr: '' })
}

/** A folder of many small files and a large one; how many. */
function makeTree(): string {
  const tree = join(box.files, 'tree')
  mkdirSync(tree, { recursive: true })
  for (let at = 0; at < 400; at++) writeFileSync(join(tree, `file${at}`), `content ${at}\n`)
  writeFileSync(join(tree, 'large'), Buffer.alloc(8 << 20, 'x'))
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, tree])
  return tree
}

/** Why not; empty: it is gone. */
function removed(path: string): string {
  try {
    rmSync(path, { recursive: true, force: true })
    return ''
  } catch (error) {
    return String(error)
  }
}

describe('SIGKILL at any moment', () => {
  it('of a cp is made good by the next one, in and out, and leaves no process and no folder', async () => {
    const tree = makeTree()
    await box.ok('create', '--name', 'stands', '--network', 'none', 'busybox', 'sleep', '1000')
    await box.ok('run', '-d', '--name', 'runs', '--network', 'none', 'busybox', 'sleep', '1000')
    for (const delay of DELAYS) for (const name of ['stands', 'runs']) await killed(delay, 'cp', tree, `${name}:/`)
    for (const name of ['stands', 'runs']) await box.ok('cp', tree, `${name}:/`)
    const out = join(box.files, 'out')
    for (const delay of DELAYS) await killed(delay, 'cp', 'runs:/tree', out)
    for (const name of ['stands', 'runs']) {
      // The one that was killed has a child that ends a moment later.
      await eventually(async () => removed(out), /^$/)
      await box.ok('cp', `${name}:/tree`, out)
      expect(execFileSync('diff', ['-r', tree, out], { encoding: 'utf8' })).toBe('')
    }
    await sound()
  }, 120_000)

  it('of a commit leaves no half of an image, and no layer that nobody has', async () => {
    await box.ok(
      'run',
      '--name',
      'full',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'for i in $(seq 400); do echo $i > /f$i; done; head -c 8000000 /dev/zero > /large',
    )
    const before = await box.ok('images', '-aq')
    for (const delay of DELAYS) {
      await killed(delay, 'commit', 'full', 'half')
      await sound()
      if ((await box.lichen('image', 'exists', 'half')).code !== 0) continue
      expect(await box.ok('run', '--rm', '--network', 'none', 'half', 'cat', '/f400')).toBe('400')
      await box.ok('rmi', 'half')
    }
    await box.ok('commit', 'full', 'whole')
    expect(await box.ok('run', '--rm', '--network', 'none', 'whole', 'sh', '-c', 'cat /f1 /f400; wc -c < /large')).toBe('1\n400\n8000000')
    await box.ok('rmi', 'whole')
    expect(await box.ok('images', '-aq')).toBe(before)
    expect(existsSync(`${box.data}/tmp`) ? readdirSync(`${box.data}/tmp`).filter((name) => !name.endsWith('.lock')) : []).toEqual([])
    await sound()
  }, 120_000)
})

it('a run root of another boot says nothing of this one', async () => {
  await box.ok('run', '-d', '--name', 'old', '--network', 'none', 'busybox', 'sleep', '1000')
  process.kill(Number(await box.ok('inspect', '--format', '{{.State.ConmonPid}}', 'old')), 'SIGKILL')
  await box.ok('wait', 'old')
  for (const name of readdirSync(`${box.run}/lichen`, { recursive: true }).map(String)) {
    if (name.endsWith('boot_id')) writeFileSync(`${box.run}/lichen/${name}`, '00000000-0000-0000-0000-000000000000\n')
  }
  expect(await box.ok('ps', '-a', '--format', '{{.Names}} {{.State}}')).toBe('old exited')
  await box.ok('start', 'old')
  expect(await box.ok('exec', 'old', 'echo', 'here')).toBe('here')
})

/** The same sequence for the same seed (Park and Miller). */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 48271) % 0x7fffffff
    return state % sides
  }
}

it('any verb may meet any other on the same container: in the end what is said is so, and all can be removed', async () => {
  writeFileSync(join(box.files, 'note'), 'a note\n')
  box.give(join(box.files, 'note'))
  const make = (name: string) => [
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'none',
    'busybox',
    'sh',
    '-c',
    'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done',
  ]
  for (const name of ['one', 'two']) await box.ok(...make(name))
  const verbs = (name: string): string[][] => [
    ['start', name],
    ['stop', '-t', '1', name],
    ['kill', name],
    ['restart', '-t', '0', name],
    ['update', '--restart', 'on-failure:2', name],
    ['update', '--restart', 'no', name],
    ['rename', name, name === 'one' ? 'two' : 'one'],
    ['rename', name, 'three'],
    ['rename', 'three', name],
    ['exec', name, 'true'],
    ['exec', '-d', name, 'sleep', '1000'],
    ['logs', name],
    ['inspect', name],
    ['ps', '-a', '--size'],
    ['cp', 'note', `${name}:/note`],
    ['cp', `${name}:/etc/passwd`, '-'],
    ['diff', name],
    ['top', name],
    ['pause', name],
    ['rm', name],
    ['rm', '-f', name],
    make(name),
    make(name),
    ['commit', name, 'stress'],
  ]
  const client = async (seed: number) => {
    const roll = dice(seed)
    const said: string[] = []
    for (let turn = 0; turn < 16; turn++) {
      const list = verbs(roll(2) === 0 ? 'one' : 'two')
      const words = list[roll(list.length)]!
      const { code, stderr } = await box.lichen(...words)
      said.push(`${words.slice(0, 3).join(' ')}: ${code} ${stderr}`)
    }
    return said
  }
  const said = (await Promise.all([11, 222, 3333, 44444].map(client))).flat()
  // A bug, or something half-made, would say so.
  for (const line of said) expect(line).not.toMatch(/this is a bug|ENOENT|EEXIST|ENOTEMPTY|undefined|not valid JSON|TypeError/)
  for (const id of (await box.ok('ps', '-aq', '--no-trunc')).split('\n').filter((line) => line !== '')) {
    const [status = '', pid = ''] = (await box.ok('inspect', '--format', '{{.State.Status}} {{.State.Pid}}', id)).split(' ')
    const { code, stderr } = await box.lichen('exec', id, 'true')
    if (status === 'running') expect([code, readFileSync(`/proc/${pid}/cmdline`, 'utf8')]).toEqual([0, expect.stringMatching(/^sh\0-c\0trap/)])
    else
      expect([status, code, stderr]).toEqual([
        expect.stringMatching(/^(created|exited|restarting|paused)$/),
        1,
        expect.stringMatching(/is not running|is restarting|is paused/),
      ])
  }
  await box.ok('rm', '-fa')
  expect(await box.ok('ps', '-aq')).toBe('')
  await box.lichen('rmi', '-f', 'stress')
  await sound()
}, 180_000)
