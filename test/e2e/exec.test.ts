import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
beforeEach(() => box.ok('run', '-d', '--name', 'host', '-e', 'FROM=run', '-w', '/var', 'busybox', 'sleep', '1000'))

describe('exec', () => {
  it('runs a program in the container, with its environment, folder, ids and namespaces', async () => {
    const script = 'echo $FROM; pwd; id -u; hostname; cat /proc/1/cmdline | tr "\\0" " "'
    const lines = (await box.ok('exec', 'host', 'sh', '-c', script)).split('\n')
    expect(lines).toEqual(['run', '/var', '0', expect.stringMatching(/^[0-9a-f]{12}$/), 'sleep 1000'])
  })

  it('keeps the streams apart and gives the exit code', async () => {
    expect(await box.lichen('exec', 'host', 'sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' })
    expect((await box.lichen('exec', 'host', 'sh', '-c', 'kill -9 $$')).code).toBe(137)
  })

  it.each<[string[], string, string]>([
    [['-e', 'A=1', '-e', 'FROM=exec'], 'echo $A $FROM', '1 exec'],
    [['-w', '/tmp'], 'pwd', '/tmp'],
    [['-u', 'alice'], 'id -u; id -g; id -G', '1000\n1000\n1000 50'],
    [['-u', '55:66'], 'id -u; id -g', '55\n66'],
    [['--privileged'], 'grep -c "^CapEff:.*ffffff" /proc/self/status', '1'],
  ])('takes %j', async (flags, script, output) => {
    expect(await box.ok('exec', ...flags, 'host', 'sh', '-c', script)).toBe(output)
  })

  it('takes --env-file', async () => {
    const path = join(box.files, 'exec-env')
    writeFileSync(path, 'X=y\n')
    box.give(path)
    expect(await box.ok('exec', '--env-file', path, 'host', 'sh', '-c', 'echo $X')).toBe('y')
  })

  it('carries input only with -i', async () => {
    expect((await box.start(['exec', '-i', 'host', 'cat'], { input: 'typed' }).exited).stdout).toBe('typed')
    expect((await box.start(['exec', 'host', 'cat'], { input: 'typed' }).exited).stdout).toBe('')
  })

  it('runs beside us with -d', async () => {
    expect(await box.lichen('exec', '-d', 'host', 'sh', '-c', 'echo done > /tmp/done; sleep 1000')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await box.ok('exec', 'host', 'sh', '-c', 'until test -s /tmp/done; do :; done; cat /tmp/done')).toBe('done')
  })

  it('hands signals on', async () => {
    const exec = box.start(['exec', 'host', 'sh', '-c', 'trap "echo caught; exit 4" TERM; echo ready; while :; do sleep 0.05; done'])
    await exec.printed('ready')
    exec.kill('SIGTERM')
    expect(await exec.exited).toEqual({ code: 4, stdout: 'ready\ncaught\n', stderr: '' })
  })

  it('carries much in both directions', async () => {
    const { code, stdout } = await box.start(['exec', '-i', 'host', 'sh', '-c', 'cat | tr a b'], { input: 'a'.repeat(2_000_000) }).exited
    expect([code, stdout === 'b'.repeat(2_000_000)]).toEqual([0, true])
  })

  it.each<[string, string[], number, RegExp]>([
    ['127 for a program that is not there', ['host', 'nope'], 127, /^Error: exec: "nope": executable file not found in \$PATH\n$/],
    ['126 for one that is none', ['host', '/etc/passwd'], 126, /permission denied/],
    ['126 for a user that is not there', ['-u', 'carol', 'host', 'true'], 126, /unable to find user carol/],
    ['1 for a container that is not there', ['missing', 'true'], 1, /^Error: No such container: missing\n$/],
    ['1 for too few words', ['host'], 1, /requires at least 2 arguments/],
    ['1 for a terminal that is none', ['-it', 'host', 'true'], 1, /^Error: the input device is not a TTY/],
    ['125 for an unknown flag', ['--nope', 'host', 'true'], 125, /unknown flag: --nope/],
  ])('gives %s', async (_, args, code, stderr) => {
    const result = await box.lichen('exec', ...args)
    expect({ code: result.code, stderr: stderr.test(result.stderr) ? stderr : result.stderr }).toEqual({ code, stderr })
  })

  it('fails in a container that does not run', async () => {
    const id = await box.ok('create', '--name', 'made', 'busybox')
    const { code, stderr } = await box.lichen('exec', 'made', 'true')
    expect([code, stderr]).toEqual([1, `Error: container ${id} is not running\nhint: lichen start made\n`])
  })

  it('ends with its container', async () => {
    const exec = box.start(['exec', 'host', 'sh', '-c', 'echo ready; sleep 1000'])
    await exec.printed('ready')
    await box.ok('kill', 'host')
    expect((await exec.exited).code).toBe(137)
  })

  it('leaves no process behind when its launcher is killed and it ends', async () => {
    const exec = box.start(['exec', 'host', 'sh', '-c', 'echo ready; while test ! -e /tmp/enough; do sleep 0.05; done'])
    await exec.printed('ready')
    exec.kill('SIGKILL')
    await exec.exited
    await box.ok('exec', 'host', 'touch', '/tmp/enough')
    expect(
      await box.ok(
        'exec',
        'host',
        'sh',
        '-c',
        'while ls /proc | grep -E "^[0-9]+$" | while read p; do grep -l enoug[h] /proc/$p/cmdline 2>/dev/null; done | grep -qv "/proc/$$/"; do sleep 0.05; done; echo gone',
      ),
    ).toBe('gone')
  })

  it('runs twenty at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => box.lichen('exec', 'host', 'sh', '-c', `echo ${at}; exit ${at}`)))
    expect(all.map(({ code, stdout }) => [code, stdout])).toEqual(Array.from({ length: 20 }, (_, at) => [at, `${at}\n`]))
  })
})
