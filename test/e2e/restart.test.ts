import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const inspect = (format: string, name = 'again') => box.ok('inspect', '--format', format, name)
const state = (name = 'again') => inspect('{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', name)
const start = (policy: string, script: string, ...flags: string[]) =>
  box.ok('run', '-d', '--name', 'again', '--restart', policy, ...flags, 'busybox', 'sh', '-c', script)
const status = () => box.ok('ps', '-a', '--format', '{{.Status}}')
const monitor = async () => Number(await inspect('{{.State.ConmonPid}}'))

describe('--restart', () => {
  it('starts again on the same root file system, with the same address, until on-failure:n is used up', async () => {
    await start('on-failure:3', 'echo x >> /count; wc -l < /count; ip -4 -o addr show tap0 | grep -o "inet [0-9.]*"; exit 7')
    await eventually(() => state(), /^exited 7 3$/)
    expect(await box.ok('logs', 'again')).toBe([1, 2, 3, 4].map((count) => `${count}\ninet 10.0.2.100`).join('\n'))
    expect(await inspect('{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}')).toBe('on-failure 3')
    await box.ok('start', 'again')
    await eventually(() => state(), /^exited 7 3$/)
  })

  it('on-failure is content with success, always is not', async () => {
    await start('on-failure', 'exit 0')
    expect(await box.ok('wait', 'again')).toBe('0')
    expect(await state()).toBe('exited 0 0')
    await box.ok('rm', 'again')
    await start('always', 'exit 0')
    await eventually(() => inspect('{{.RestartCount}}'), /^[2-9]/)
  })

  it('waits longer each time, and says so', async () => {
    await start('always', 'exit 1')
    await eventually(status, /^Restarting \(1\) .* ago$/)
    // By then it waits for more than a second, which is time enough to look at it.
    await eventually(
      () => inspect('{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.Pid}} {{.RestartCount}}'),
      /^restarting true true 0 [5-9]$/,
    )
    expect(await box.ok('ps', '--format', '{{.Names}}')).toBe('again')
    expect(await box.ok('ps', '--filter', 'status=restarting', '--format', '{{.Names}}')).toBe('again')
    const moments = async () => (await box.ok('logs', '-t', 'again')).split('\n').filter((line) => line !== '')
    await box.ok('rm', '-f', 'again')
    await start('always', 'echo x; exit 1')
    await eventually(async () => String((await moments()).length), /^[5-9]/)
    const times = (await moments()).slice(0, 5).map((line) => Date.parse(line.split(' ')[0]!))
    expect(times.slice(1).map((time, at) => time - times[at]! >= 100 * 2 ** at)).toEqual([true, true, true, true])
  })

  it('ends by stop and by kill, also while it waits', async () => {
    await start('always', 'exit 1')
    for (const verb of ['stop', 'kill']) {
      await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^restarting [2-9]/)
      expect(await box.ok(verb, 'again')).toBe('again')
      await eventually(() => state(), /^exited 1 /)
      await box.ok('start', 'again')
    }
    await box.ok('rm', '-f', 'again')
    await start('unless-stopped', 'sleep 1000')
    await box.ok('stop', '-t', '0', 'again')
    expect(await state()).toBe('exited 137 0')
    await box.ok('start', 'again')
    await box.ok('kill', 'again')
    await box.ok('wait', 'again')
    expect(await state()).toBe('exited 137 0')
  })

  it('is started again after a signal that is no order to end', async () => {
    await start('always', 'trap "exit 9" USR1; touch /up; while :; do sleep 0.05; done')
    await eventually(async () => String((await box.lichen('exec', 'again', 'test', '-e', '/up')).code), /^0$/)
    await box.ok('kill', '-s', 'USR1', 'again')
    await eventually(() => state(), /^running 0 1$/)
  })

  it('is not removed without force, nor started twice, nor entered while it waits', async () => {
    await start('always', 'exit 1')
    await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^restarting [5-9]/)
    const refused = await box.lichen('rm', 'again')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('container is restarting: stop the container before removing or force remove')])
    expect((await box.lichen('exec', 'again', 'true')).stderr).toContain('is restarting, wait until the container is running')
    expect((await box.lichen('attach', 'again')).stderr).toContain('You cannot attach to a restarting container, wait until it is running')
    expect(await box.ok('start', 'again')).toBe('again')
    expect(await box.ok('rm', '-f', 'again')).toBe('again')
  })

  it('lets wait, and the command in front of it, go with the first end', async () => {
    expect(await box.lichen('run', '--name', 'again', '--restart', 'on-failure', 'busybox', 'sh', '-c', 'echo hi; exit 4')).toEqual({
      code: 4,
      stdout: 'hi\n',
      stderr: '',
    })
    expect(await box.ok('wait', 'again')).toBe('4')
    expect(await inspect('{{.State.Running}}')).toBe('true')
  })

  it('is followed by logs -f to the last end', async () => {
    await start('on-failure:2', 'echo line; exit 1')
    expect(await box.ok('logs', '-f', 'again')).toBe('line\nline\nline')
  })

  it('has its ports, its terminal and its volumes again', async () => {
    const data = join(box.files, 'data')
    mkdirSync(data, { recursive: true })
    box.give(data)
    await start('always', 'tty; test -w /data && echo writable; sleep 0.3', '-t', '-v', `${data}:/data`, '-p', '127.0.0.1::80')
    await eventually(() => state(), /^running 0 [2-9]$/)
    expect(await inspect('{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostIp}}')).toBe('127.0.0.1')
    const lines = (await box.ok('logs', 'again')).split(/\r?\n/)
    expect(lines.slice(0, 4)).toEqual(['/dev/pts/0', 'writable', '/dev/pts/0', 'writable'])
  })

  it('has ended where it can not be started again, and says why', async () => {
    const data = join(box.files, 'gone')
    mkdirSync(data, { recursive: true })
    box.give(data)
    writeFileSync(join(data, 'stay'), '')
    await start('always', 'while test -e /data/stay; do sleep 0.05; done; exit 3', '--mount', `type=bind,src=${data},dst=/data`)
    await eventually(() => state(), /^running/)
    rmSync(data, { recursive: true })
    await eventually(() => state(), /^exited 3 1$/)
    expect(await inspect('{{.State.Error}}')).toContain('No such file or directory')
  })

  it('runs on fuse-overlayfs too', async () => {
    const root = ['--storage-driver', 'fuse-overlayfs']
    await box.ok(...root, 'run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'echo x >> /count; wc -l < /count; exit 1')
    await eventually(() => state(), /^exited 1 2$/)
    expect(await box.ok('logs', 'again')).toBe('1\n2\n3')
  })

  it('tells the truth when its monitor is killed, running and waiting', async () => {
    await start('always', 'if test -e /second; then exec sleep 1000; fi; touch /second; exit 1')
    await eventually(() => state(), /^running 0 1$/)
    process.kill(await monitor(), 'SIGKILL')
    await eventually(() => state(), /^exited 255 1$/)
    await box.ok('rm', 'again')
    await start('always', 'exit 1')
    await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^restarting [3-9]/)
    process.kill(await monitor(), 'SIGKILL')
    await eventually(() => state(), /^exited 1 /)
  })

  it('is not started again when its monitor is asked to end: a logout', async () => {
    await start('always', 'trap "exit 5" TERM; touch /up; while :; do sleep 0.05; done')
    await eventually(async () => String((await box.lichen('exec', 'again', 'test', '-e', '/up')).code), /^0$/)
    process.kill(await monitor(), 'SIGTERM')
    await eventually(() => state(), /^exited 5 0$/)
  })

  it('is started with the machine by start --all --filter', async () => {
    const run = (name: string, policy: string) => box.ok('run', '-d', '--name', name, '--restart', policy, 'busybox', 'sleep', '1000')
    await Promise.all([run('always', 'always'), run('unless', 'unless-stopped'), run('stopped', 'unless-stopped'), run('never', 'no')])
    await box.ok('stop', '-t', '0', 'stopped', 'never')
    for (const name of ['always', 'unless']) process.kill(Number(await inspect('{{.State.ConmonPid}}', name)), 'SIGKILL')
    rmSync(join(box.run, 'lichen'), { recursive: true, force: true })
    expect(await box.ok('ps', '--format', '{{.Names}}')).toBe('')
    await box.ok('start', '--all', '--filter', 'restart-policy=always')
    expect(await box.ok('ps', '--format', '{{.Names}}')).toBe('always')
    await box.ok('start', '--all', '--filter', 'should-start-on-boot=true')
    expect((await box.ok('ps', '--format', '{{.Names}}')).split('\n').sort()).toEqual(['always', 'unless'])
  })

  it('keeps a small monitor small', async () => {
    await start('always', 'exit 0')
    await eventually(() => inspect('{{.RestartCount}}'), /^[1-9]$/)
    const before = await privateKilobytes()
    await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^restarting [6-9]/)
    const after = await privateKilobytes()
    expect(after).toBeLessThan(1536)
    expect(after - before).toBeLessThan(64)
  })

  it.each([
    [['--restart', 'always', '--rm'], 'Conflicting options: --restart and --rm'],
    [['--restart', 'on-failure:-1'], 'invalid restart policy: maximum retry count cannot be negative'],
    [['--restart', 'always:3'], "invalid restart policy: maximum retry count can only be used with 'on-failure'"],
    [['--restart', 'on-failure:x'], 'invalid restart policy format: maximum retry count must be an integer'],
    [['--restart', ':3'], 'invalid restart policy format: no policy provided before colon'],
    [['--restart', 'often'], "invalid restart policy: unknown policy 'often'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await box.lichen('run', ...flags, 'busybox')
    expect([code, stderr.split('\n')[0]]).toEqual([125, `Error: ${message}`])
  })
})

describe('restart', () => {
  const up = (name: string, ...flags: string[]) => box.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sh', '-c', 'echo x >> /count; exec sleep 1000')
  const pid = (name: string) => inspect('{{.State.Pid}}', name)

  it('stops and starts, on the same root file system, and prints the name', async () => {
    await up('one', '--stop-signal', 'KILL')
    const before = await pid('one')
    expect(await box.ok('restart', 'one')).toBe('one')
    expect(await state('one')).toBe('running 0 0')
    expect(await pid('one')).not.toBe(before)
    expect(await box.ok('exec', 'one', 'cat', '/count')).toBe('x\nx')
  })

  it('starts one that does not run', async () => {
    await box.ok('create', '--name', 'one', 'busybox', 'sleep', '1000')
    await box.ok('restart', 'one')
    expect(await state('one')).toBe('running 0 0')
  })

  it.each([['-t', '1'], ['--time=1'], ['--timeout', '1']])('kills it after %s %s', async (...flags) => {
    await up('deaf')
    const begin = Date.now()
    await box.ok('restart', ...flags, 'deaf')
    expect(Date.now() - begin).toBeGreaterThanOrEqual(1000)
    expect(await state('deaf')).toBe('running 0 0')
  })

  it('takes another signal', async () => {
    await box.ok('run', '-d', '--name', 'usr', 'busybox', 'sh', '-c', 'trap "echo usr1; exit 0" USR1; touch /up; while :; do sleep 0.05; done')
    await eventually(async () => String((await box.lichen('exec', 'usr', 'test', '-e', '/up')).code), /^0$/)
    await box.ok('restart', '-s', 'USR1', 'usr')
    expect(await box.ok('logs', 'usr')).toBe('usr1')
  })

  it('ends a wait for the next start, and keeps one that was started with --rm', async () => {
    const run = box.start(['run', '--rm', '--name', 'passing', '--stop-signal', 'KILL', 'busybox', 'sh', '-c', 'echo ready; exec sleep 1000'])
    await run.printed('ready')
    await box.ok('restart', 'passing')
    expect((await run.exited).code).toBe(137)
    expect(await state('passing')).toBe('running 0 0')
    await box.ok('stop', 'passing')
    expect((await box.lichen('inspect', 'passing')).code).toBe(1)
  })

  it('takes --all, --running, --latest and --filter', async () => {
    await up('one', '--stop-signal', 'KILL', '--label', 'a=b')
    await box.ok('create', '--name', 'two', 'busybox', 'sleep', '1000')
    await box.ok('restart', '--running')
    expect([await state('one'), await state('two')]).toEqual(['running 0 0', 'created 0 0'])
    const before = await pid('one')
    await box.ok('restart', '--filter', 'label=a=b')
    expect(await pid('one')).not.toBe(before)
    await box.ok('restart', '--latest')
    expect(await state('two')).toBe('running 0 0')
    await box.ok('restart', '--all', '-t', '0')
  })

  it('says which do not exist, and restarts the others', async () => {
    await up('one', '--stop-signal', 'KILL')
    const { code, stdout, stderr } = await box.lichen('restart', 'missing', 'one')
    expect([code, stdout, stderr]).toEqual([1, 'one\n', 'Error: No such container: missing\n'])
    expect((await box.lichen('restart')).code).toBe(1)
  })

  it('starts the count of restarts and the back-off anew', async () => {
    await start('always', 'exit 1')
    await eventually(() => inspect('{{.State.Status}} {{.RestartCount}}'), /^restarting [5-9]/)
    await box.ok('restart', 'again')
    expect(Number(await inspect('{{.RestartCount}}'))).toBeLessThan(4)
  })
})

describe('--timeout', () => {
  it('kills the container after so many seconds', async () => {
    const begin = Date.now()
    expect((await box.lichen('run', '--rm', '--timeout', '1', 'busybox', 'sleep', '1000')).code).toBe(137)
    expect(Date.now() - begin).toBeGreaterThanOrEqual(1000)
    expect((await box.lichen('run', '--rm', '--timeout', '-1', 'busybox')).stderr).toContain('invalid timeout: -1')
  })
})

async function privateKilobytes(): Promise<number> {
  return Number(/RssAnon:\s*(\d+)/.exec(readFileSync(`/proc/${await monitor()}/status`, 'utf8'))?.[1])
}
