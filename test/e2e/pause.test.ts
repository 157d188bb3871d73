import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Delegated, delegate } from '../helpers/delegated.ts'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const state = (name: string) => box.ok('inspect', '--format', '{{.State.Status}} {{.State.Paused}} {{.State.Running}}', name)
const status = (name: string) => box.ok('ps', '-a', '--filter', `name=^${name}$`, '--format', '{{.Status}}')
/** Counts as long as it is let. */
const counter = (name: string, ...flags: string[]) =>
  box.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sh', '-c', 'trap "exit 5" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done')
const lines = async (name: string) => (await box.ok('logs', name)).split('\n').length
const passed = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('in a cgroup of its own', () => {
  let cgroup: Delegated
  beforeAll(() => {
    cgroup = delegate(box)
    box.around = cgroup.inside
  })
  afterAll(() => {
    box.around = (argv) => argv
    cgroup.remove()
  })

  it('stands still until it is let go on', async () => {
    const id = await counter('box')
    expect(await box.ok('pause', 'box')).toBe('box')
    expect(await state('box')).toBe('paused true true')
    expect(await status('box')).toMatch(/^Up .* \(Paused\)$/)
    expect(await box.ok('ps', '-q', '--no-trunc', '--filter', 'status=paused')).toBe(id)
    const before = await lines('box')
    await passed(200)
    expect(await lines('box')).toBe(before)
    expect(await box.ok('unpause', id.slice(0, 12))).toBe(id.slice(0, 12))
    expect(await state('box')).toBe('running false true')
    await passed(300)
    expect(await lines('box')).toBeGreaterThan(before)
  })

  it("says Docker's words", async () => {
    const id = await counter('box')
    const fails = async (...words: string[]) => {
      const { code, stderr } = await box.lichen(...words)
      return [code, stderr.split('\n')[0]]
    }
    expect(await fails('unpause', 'box')).toEqual([1, `Error: Container ${id} is not paused`])
    await box.ok('pause', 'box')
    expect(await fails('pause', 'box')).toEqual([1, `Error: Container ${id} is already paused`])
    expect(await fails('exec', 'box', 'true')).toEqual([1, 'Error: Container box is paused, unpause the container before exec'])
    expect(await fails('attach', 'box')).toEqual([1, 'Error: You cannot attach to a paused container, unpause it first'])
    expect(await fails('start', 'box')).toEqual([1, 'Error: cannot start a paused container, try unpause instead'])
    expect((await fails('rm', 'box'))[1]).toContain('container is paused: unpause and then stop the container before removing or force remove')
    await box.ok('kill', 'box')
    await box.ok('wait', 'box')
    expect(await fails('pause', 'box')).toEqual([1, `Error: container ${id} is not running`])
    expect(await fails('pause', 'nope')).toEqual([1, 'Error: No such container: nope'])
  })

  it('stop wakes it up, and it ends as it likes', async () => {
    await counter('box')
    await box.ok('pause', 'box')
    expect(await box.ok('stop', 'box')).toBe('box')
    expect(await box.ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'box')).toBe('exited 5')
  })

  it.each([
    ['KILL', '137'],
    ['TERM', '5'],
  ])('kill -s %s ends it', async (signal, code) => {
    await counter('box')
    await box.ok('pause', 'box')
    const waiter = box.start(['wait', 'box'])
    await box.ok('kill', '--signal', signal, 'box')
    expect((await waiter.exited).stdout).toBe(`${code}\n`)
  })

  it('another signal waits with the rest', async () => {
    await box.ok('run', '-d', '--name', 'box', 'busybox', 'sh', '-c', 'trap "echo heard" USR1; echo ready; while :; do sleep 0.02; done')
    await box.start(['logs', '-f', 'box']).printed('ready')
    await box.ok('pause', 'box')
    await box.ok('kill', '-s', 'USR1', 'box')
    expect(await state('box')).toBe('paused true true')
    await box.ok('unpause', 'box')
    await box.start(['logs', '-f', 'box']).printed('heard')
  })

  it('rm --force removes it', async () => {
    await counter('box')
    await box.ok('pause', 'box')
    expect(await box.ok('rm', '-f', 'box')).toBe('box')
    expect(await box.ok('ps', '-aq')).toBe('')
    expect(cgroup.left()).toEqual([])
  })

  it('all that run, all that are paused, the latest, those of a file', async () => {
    const file = join(box.files, 'cid')
    await counter('one', '--cidfile', file)
    await counter('two')
    expect((await box.ok('pause', '--all')).split('\n')).toHaveLength(2)
    expect(await box.lichen('pause', '--all')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await box.ok('unpause', '--latest')).toBe(await box.ok('inspect', '--format', '{{.Id}}', 'two'))
    expect([await state('one'), await state('two')]).toEqual(['paused true true', 'running false true'])
    expect(await box.ok('unpause', '--cidfile', file)).toBe(readFileSync(file, 'utf8'))
    expect(await box.ok('unpause', '-a')).toBe('')
  })

  it('a second one that pauses or removes meanwhile gets an answer', async () => {
    await counter('box')
    const results = await Promise.all([1, 2, 3, 4].map(() => box.lichen('pause', 'box')))
    expect(results.map(({ code }) => code).sort()).toEqual([0, 1, 1, 1])
    const [removal, ...others] = await Promise.all([box.lichen('rm', '-f', 'box'), box.lichen('unpause', 'box'), box.lichen('pause', 'box')])
    expect(removal.code).toBe(0)
    for (const { code, stderr } of others) if (code !== 0) expect(stderr).toMatch(/No such container|is not running|is not paused|is already paused/)
  })

  it('rests from health checks, also from one that is on its way', async () => {
    const hangs = 'test -e /fast || { touch /begun; sleep 1000; }'
    const times = ['--health-start-period', '1h', '--health-start-interval', '50ms', '--health-interval', '50ms', '--health-retries', '1']
    await box.ok('run', '-d', '--name', 'box', '--network', 'none', '--health-cmd', hangs, '--health-timeout', '1h', ...times, 'busybox', 'sleep', '1000')
    await eventually(async () => (await box.lichen('exec', 'box', 'test', '-e', '/begun')).code.toString(), /^0$/)
    await box.ok('exec', 'box', 'touch', '/fast')
    const processes = async () =>
      readFileSync(join(cgroup.path, cgroup.left()[0] ?? '', 'cgroup.procs'), 'utf8')
        .trim()
        .split('\n')
        .length.toString()
    await box.ok('pause', 'box')
    await eventually(processes, /^1$/)
    await box.ok('unpause', 'box')
    await box.ok('wait', '--condition', 'healthy', 'box')
    await box.ok('pause', 'box')
    const health = async () => JSON.parse(await box.ok('inspect', '--format', '{{json .State.Health}}', 'box')) as { Log: { End: string; ExitCode: number }[] }
    const before = await health()
    await passed(300)
    expect(await health()).toEqual({ ...before, Status: 'healthy', FailingStreak: 0 })
    await box.ok('unpause', 'box')
    const last = before.Log.at(-1)?.End ?? ''
    await eventually(async () => String(((await health()).Log.at(-1)?.End ?? '') > last), /^true$/)
    expect(await health()).toMatchObject({ Status: 'healthy', FailingStreak: 0 })
  })

  it('has ended when its monitor was killed, and leaves nothing behind', async () => {
    await counter('box')
    await box.ok('pause', 'box')
    process.kill(Number(await box.ok('inspect', '--format', '{{.State.ConmonPid}}', 'box')), 'SIGKILL')
    expect(await box.ok('wait', 'box')).toBe('255')
    expect(await state('box')).toBe('exited false false')
    expect(await box.ok('start', 'box')).toBe('box')
    expect(await state('box')).toBe('running false true')
    process.kill(Number(await box.ok('inspect', '--format', '{{.State.ConmonPid}}', 'box')), 'SIGKILL')
    await box.ok('wait', 'box')
    await box.ok('rm', 'box')
    expect(cgroup.left()).toEqual([])
  })

  it('SIGKILL of the command leaves it in one state or the other', async () => {
    await counter('box')
    for (let at = 0; at < 6; at++) {
      const running = box.start([at % 2 === 0 ? 'pause' : 'unpause', 'box'])
      await passed(20 + 10 * at)
      running.kill('SIGKILL')
      await running.exited
      expect(await state('box')).toMatch(/^(paused true true|running false true)$/)
    }
    if ((await state('box')).startsWith('paused')) await box.ok('unpause', 'box')
    await box.ok('exec', 'box', 'true')
  })
})

describe('without a cgroup of its own', () => {
  it('is refused with what is missing, and runs on', async () => {
    await counter('box')
    const { code, stderr } = await box.lichen('pause', 'box')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: the container has no cgroup of its own, so it can't be paused\nhint: .*cgroup/)])
    expect(await state('box')).toBe('running false true')
  })
})
