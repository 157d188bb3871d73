import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const inspect = (format: string, name = 'well') => box.ok('inspect', '--format', format, name)
const run = (command: string, ...flags: string[]) =>
  box.ok('run', '-d', '--name', 'well', '--health-cmd', command, '--health-interval', '100ms', ...flags, 'busybox', 'sleep', '1000')
const status = () => inspect('{{.State.Health.Status}}')
const monitor = async () => Number(await inspect('{{.State.ConmonPid}}'))

interface Health {
  Status: string
  FailingStreak: number
  Log: { Start: string; End: string; ExitCode: number; Output: string }[]
}
const health = async () => JSON.parse(await inspect('{{json .State.Health}}')) as Health

describe('the health of a container', () => {
  it('is starting, healthy and unhealthy, in inspect and ps', async () => {
    await run('test -e /ok && echo fine', '--health-retries', '2', '--health-start-period', '1h', '--health-start-interval', '100ms')
    expect(await box.ok('ps', '--format', '{{.Status}}')).toMatch(/\(health: starting\)$/)
    expect(await box.ok('ps', '-q', '--filter', 'health=starting', '--no-trunc')).toBe(await inspect('{{.Id}}'))
    await box.ok('exec', 'well', 'touch', '/ok')
    expect(await box.ok('wait', '--condition', 'healthy', 'well')).toBe('-1')
    expect(await box.ok('ps', '--format', '{{.Status}}')).toMatch(/\(healthy\)$/)
    const { Log } = await health()
    expect(Log.at(-1)).toEqual({ Start: expect.stringMatching(/^2.*Z$/), End: expect.stringMatching(/^2.*Z$/), ExitCode: 0, Output: 'fine\n' })
    await box.ok('exec', 'well', 'rm', '/ok')
    expect(await box.ok('wait', '--condition', 'unhealthy', 'well')).toBe('-1')
    expect(await box.ok('ps', '--format', '{{.Status}}')).toMatch(/\(unhealthy\)$/)
    const sick = await health()
    expect([sick.FailingStreak >= 2, sick.Log.length <= 5, sick.Log.at(-1)?.ExitCode]).toEqual([true, true, 1])
    expect(await box.ok('ps', '-q', '--filter', 'health=healthy')).toBe('')
  })

  it('counts no failure of the start period', async () => {
    await run('false', '--health-retries', '1', '--health-start-period', '1h', '--health-start-interval', '50ms')
    await eventually(async () => String((await health()).Log.length), /^5$/)
    expect(await health()).toMatchObject({ Status: 'starting', FailingStreak: 0 })
  })

  it('is checked as exec runs a process: same user, environment, capabilities, filter and namespaces', async () => {
    const facts =
      'id -u; echo $COLOUR; pwd; grep -E "CapEff|CapBnd|Seccomp:|NoNewPrivs" /proc/self/status; readlink /proc/self/ns/pid; readlink /proc/self/ns/mnt'
    await run(facts, '-u', '1000', '-e', 'COLOUR=blue', '-w', '/tmp', '--cap-drop', 'MKNOD')
    await box.ok('wait', '--condition', 'healthy', 'well')
    expect((await health()).Log[0]?.Output.trim()).toBe(await box.ok('exec', 'well', 'sh', '-c', facts))
  })

  it('keeps 4096 bytes of what a check prints', async () => {
    await run('head -c 10000 /dev/zero | tr "\\\\0" x; echo end >&2')
    await box.ok('wait', '--condition', 'healthy', 'well')
    expect((await health()).Log[0]?.Output).toBe(`${'x'.repeat(4096)}...`)
  })

  it('fails where a check hangs, which is killed with all of its processes', async () => {
    await run('echo begun; sleep 777 & sleep 778', '--health-timeout', '500ms', '--health-retries', '1')
    await box.ok('wait', '--condition', 'unhealthy', 'well')
    expect((await health()).Log[0]).toMatchObject({ ExitCode: -1, Output: 'Health check exceeded timeout (500ms): begun\n' })
    await eventually(async () => {
      const { Log } = await health()
      // Each one that hangs has two; more are there only if those of the last are left.
      const count = (await box.ok('exec', 'well', 'sh', '-c', 'ps -o args | grep -c "^sleep 77[78]" || true')).trim()
      return Log.length > 2 ? count : 'more'
    }, /^[0-2]$/)
  })

  it('fails where a check can not be executed', async () => {
    await run('["/no/such"]', '--health-retries', '1')
    await box.ok('wait', '--condition', 'unhealthy', 'well')
    expect((await health()).Log[0]).toMatchObject({ ExitCode: -1, Output: expect.stringContaining('/no/such: No such file or directory') })
  })

  it('comes from HEALTHCHECK of the image, less what is said otherwise', async () => {
    const image = 'checked'
    await box.ok('import', '--change', 'ENV PATH=/bin', '--change', 'HEALTHCHECK --interval=1h --retries=2 CMD true', join(box.files, 'busybox.tar'), image)
    await box.ok('run', '-d', '--name', 'well', '--health-retries', '7', image, 'sleep', '1000')
    expect(JSON.parse(await inspect('{{json .Config.Healthcheck}}'))).toMatchObject({ Test: ['CMD-SHELL', 'true'], Interval: 3600e9, Retries: 7 })
    expect(await status()).toBe('starting')
    await box.ok('run', '-d', '--name', 'none', '--no-healthcheck', image, 'sleep', '1000')
    expect(await inspect('{{json .State.Health}}', 'none')).not.toContain('Status')
    expect(await box.ok('ps', '--filter', 'health=none', '--format', '{{.Names}}')).toBe('none')
  })

  it('is checked when healthcheck run says so', async () => {
    await box.ok('run', '-d', '--name', 'well', '--health-cmd', 'test -e /ok', '--health-interval', 'disable', 'busybox', 'sleep', '1000')
    expect(await box.lichen('healthcheck', 'run', 'well')).toEqual({ code: 1, stdout: 'unhealthy\n', stderr: '' })
    await box.ok('exec', 'well', 'touch', '/ok')
    expect(await box.lichen('healthcheck', 'run', 'well')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await health()).toMatchObject({ Status: 'healthy', Log: [{ ExitCode: 1 }, { ExitCode: 0 }] })
    await box.ok('stop', '-t', '0', 'well')
    expect(await status()).toBe('unhealthy')
    expect((await box.lichen('healthcheck', 'run', 'well')).code).toBe(125)
    await box.ok('run', '-d', '--name', 'none', 'busybox', 'sleep', '1000')
    const { code, stderr } = await box.lichen('healthcheck', 'run', 'none')
    expect([code, stderr]).toEqual([125, expect.stringContaining('has no defined healthcheck')])
  })

  it('kills, stops or restarts the container as --health-on-failure says', async () => {
    await run('false', '--health-retries', '1', '--health-on-failure', 'kill')
    expect(await box.ok('wait', 'well')).toBe('137')
    await box.ok('rm', 'well')
    await run('false', '--health-retries', '1', '--health-on-failure', 'stop', '--restart', 'always', '--stop-timeout', '0')
    await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^exited 0$/)
    await box.ok('rm', 'well')
    await run('false', '--health-retries', '1', '--health-on-failure', 'restart', '--stop-timeout', '0')
    await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^running [1-9]/)
  })

  it('begins anew with each start', async () => {
    await run('test -e /tmp/once && exit 1; touch /tmp/once', '--health-retries', '1', '--tmpfs', '/tmp')
    await box.ok('wait', '--condition', 'unhealthy', 'well')
    await box.ok('restart', '-t', '0', 'well')
    expect(await box.ok('wait', '--condition', 'healthy', 'well')).toBe('-1')
  })

  it('leaves the monitor small', async () => {
    await run('head -c 4000 /dev/zero | tr "\\\\0" "\\\\1"')
    await eventually(async () => String((await health()).Log.length), /^5$/)
    expect(Number(/RssAnon:\s*(\d+)/.exec(readFileSync(`/proc/${await monitor()}/status`, 'utf8'))?.[1])).toBeLessThan(1536)
  })

  it.each([
    [['--no-healthcheck', '--health-cmd', 'true'], '--no-healthcheck conflicts with --health-* options'],
    [['--health-interval', '-1s'], '--health-interval cannot be negative'],
    [['--health-interval', '1us'], 'Interval in Healthcheck cannot be less than 1ms'],
    [['--health-timeout', 'soon'], 'invalid argument "soon" for "--health-timeout" flag: time: invalid duration "soon"'],
    [['--health-retries', '-1'], '--health-retries cannot be negative'],
    [['--health-on-failure', 'cry'], 'invalid health-on-failure action "cry"'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await box.lichen('run', ...flags, 'busybox')
    expect([code, stderr.split('\n')[0]]).toEqual([125, `Error: ${message}`])
  })
})
