import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const inspect = (name: string, format: string) => box.ok('inspect', '--format', format, name)

describe('run', () => {
  it('prints what the program prints, each stream to its own', async () => {
    expect(await box.lichen('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2')).toEqual({ code: 0, stdout: 'out\n', stderr: 'err\n' })
  })

  it('runs the command of the image where none is given, and gives it its environment', async () => {
    expect(await box.start(['run', '--rm', '-i', 'busybox'], { input: 'echo $PATH; exit 4\n' }).exited).toEqual({ code: 4, stdout: '/bin\n', stderr: '' })
  })

  it('is root of its own: ids, host name, processes, root file system', async () => {
    const script = 'id -u; hostname; echo $$; ls / | tr "\\n" " "; echo; touch /new && echo written'
    const [id, host, pid, root, written] = (await box.ok('run', '--rm', '--name', 'own', 'busybox', 'sh', '-c', script)).split('\n')
    expect([id, pid, written]).toEqual(['0', '1', 'written'])
    expect(host).toMatch(/^[0-9a-f]{12}$/)
    expect(root?.split(' ')).toEqual(expect.arrayContaining(['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']))
  })

  it.each<[string, string[], string, string]>([
    ['--env', ['-e', 'A=b c', '-e', 'D'], 'echo "$A|$D"', 'b c|from outside'],
    ['--workdir', ['-w', '/made/for/it'], 'pwd', '/made/for/it'],
    ['--hostname', ['-h', 'bark'], 'hostname; grep -c bark /etc/hosts', 'bark\n1'],
    ['--user', ['-u', 'alice'], 'id -u; id -g; id -G', '1000\n1000\n1000 50'],
    ['--user by number', ['-u', '1234:99'], 'id -u; id -g', '1234\n99'],
    ['--entrypoint', ['--entrypoint', '/bin/echo'], 'x', '-c x'],
    ['--read-only', ['--read-only'], 'touch /x 2>&1 || true', 'touch: /x: Read-only file system'],
    ['--tmpfs', ['--read-only', '--tmpfs', '/run:size=1m'], 'touch /run/x && stat -f -c %T /run', 'tmpfs'],
    ['--add-host', ['--add-host', 'db:10.1.2.3'], 'grep -w db /etc/hosts', '10.1.2.3\tdb'],
    ['--network none', ['--network', 'none'], 'ls /sys/class/net', 'lo'],
    ['--init', ['--init'], 'readlink /proc/1/exe | grep -c sh || true', '0'],
    ['--ulimit', ['--ulimit', 'nofile=100:200'], 'ulimit -Sn; ulimit -Hn', '100\n200'],
  ])('%s', async (_, flags, script, output) => {
    const command = flags.includes('--entrypoint') ? ['-c', script] : ['sh', '-c', script]
    const { code, stdout, stderr } = await box.start(['run', '--rm', ...flags, 'busybox', ...command], { env: { D: 'from outside' } }).exited
    expect({ code, stdout: stdout.trim(), stderr }).toEqual({ code: 0, stdout: output, stderr: '' })
  })

  it('keeps the container unless --rm was given', async () => {
    expect(await box.ok('run', '--name', 'kept', 'busybox', 'true')).toBe('')
    expect(await inspect('kept', '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}}')).toBe('exited 0 false')
    await box.ok('run', '--rm', '--name', 'gone', 'busybox', 'true')
    expect(await box.ok('ps', '-a', '--format', '{{.Names}}')).toBe('kept')
  })

  it.each([
    ["the user's own", 'touch /a; mkdir -p /b/c'],
    ["a subordinate id's", 'mkdir -m 700 /b; touch /b/a; chown -R 1000:1000 /b'],
  ])('deletes what --rm leaves behind its return: files that are %s', async (_, script) => {
    await box.ok('run', '--rm', 'busybox', 'sh', '-c', script)
    await eventually(async () => readdirSync(join(box.data, 'containers')).join(' '), /^$/)
  })

  it('has a table of what is mounted where old programs look for it, which is no change of its own', async () => {
    await box.ok('run', '--name', 'table', 'busybox', 'sh', '-c', 'grep -q " / " /etc/mtab && readlink /etc/mtab >/read')
    expect(await box.ok('cp', 'table:/read', '-')).toContain('/proc/mounts\n')
    expect(await box.ok('diff', 'table')).toBe('A /read')
    await box.ok('commit', 'table', 'copied')
    await box.ok('run', '--name', 'again', 'copied', 'test', '-L', '/etc/mtab')
    expect(await box.ok('diff', 'again')).toBe('')
    expect(await box.ok('run', '--rm', '--read-only', 'busybox', 'readlink', '/etc/mtab')).toBe('/proc/mounts')
  })

  it('says that ports are not published with the network of the host', async () => {
    const warning = 'Warning: Published ports are discarded when using host network mode\n'
    expect(await box.lichen('run', '--rm', '--network', 'host', '-p', '8080:80', 'busybox', 'echo', 'up')).toEqual({ code: 0, stdout: 'up\n', stderr: warning })
  })

  it('prints the id and returns with -d; the container goes on by itself', async () => {
    const id = await box.ok('run', '-d', '--name', 'web', 'busybox', 'sh', '-c', 'echo begun; sleep 1000')
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await inspect('web', '{{.Id}} {{.State.Status}}')).toBe(`${id} running`)
  })

  it('removes a detached container by itself when it ends, with --rm', async () => {
    const id = await box.ok('run', '-d', '--rm', '-v', '/data', 'busybox', 'sh', '-c', 'sleep 2; exit 3')
    expect(await box.ok('wait', id)).toBe('3')
    expect(await box.ok('wait', '--condition', 'removed', '--ignore', id)).toMatch(/^(3|-1)$/)
    expect(await box.ok('ps', '-aq')).toBe('')
  })

  it('gives names to one container only', async () => {
    await box.ok('create', '--name', 'one', 'busybox')
    const { code, stderr } = await box.lichen('run', '--name', 'one', 'busybox', 'true')
    expect(code).toBe(125)
    expect(stderr).toMatch(
      /^Error: Conflict\. The container name "\/one" is already in use by container "[0-9a-f]{64}"\. You have to remove \(or rename\) that container to be able to reuse that name\.\nhint: /,
    )
    expect(await box.ok('run', '--name', 'one', '--replace', 'busybox', 'echo', 'replaced')).toBe('replaced')
    expect(await box.ok('ps', '-a', '--format', '{{.Names}} {{.State}}')).toBe('one exited')
  })

  it('writes --cidfile, once', async () => {
    const path = join(box.files, 'cid')
    const id = await box.ok('run', '-d', '--cidfile', path, 'busybox', 'true')
    expect(readFileSync(path, 'utf8')).toBe(id)
    const { code, stderr } = await box.lichen('run', '--cidfile', path, 'busybox', 'true')
    expect([code, stderr]).toEqual([125, `Error: container ID file found, make sure the other container isn't running or delete ${path}\n`])
    const other = join(box.files, 'other')
    expect((await box.lichen('run', '--cidfile', other, '--pull', 'never', 'nope', 'true')).code).toBe(125)
    expect(existsSync(other)).toBe(false)
  })

  it('reads --env-file and labels', async () => {
    const path = join(box.files, 'env')
    writeFileSync(path, '# comment\nA=1\nB=two words\n')
    box.give(path)
    expect(await box.ok('run', '--name', 'labelled', '--label', 'x=y', '--env-file', path, 'busybox', 'sh', '-c', 'echo $A $B')).toBe('1 two words')
    expect(await inspect('labelled', '{{index .Config.Labels "x"}}')).toBe('y')
  })
})

describe('standard input', () => {
  it('is at its end without -i', async () => {
    expect(await box.start(['run', '--rm', 'busybox', 'cat'], { input: 'not for you' }).exited).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('is ours with -i, to its end, and bytes stay what they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 256))
    const { code, stdout } = await box.start(['run', '--rm', '-i', 'busybox', 'md5sum'], { input: bytes }).exited
    const { createHash } = await import('node:crypto')
    expect([code, stdout]).toEqual([0, `${createHash('md5').update(bytes).digest('hex')}  -\n`])
  })

  it('of a program that does not read it blocks nobody', async () => {
    expect((await box.start(['run', '--rm', '-i', 'busybox', 'true'], { input: Buffer.alloc(1_000_000) }).exited).code).toBe(0)
  })
})

describe('-a', () => {
  it('stdout: nothing else is printed', async () => {
    expect(await box.lichen('run', '--rm', '-a', 'stdout', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 2')).toEqual({
      code: 2,
      stdout: 'out\n',
      stderr: '',
    })
  })

  it('stderr: nothing else is printed', async () => {
    expect(await box.lichen('run', '--rm', '-a', 'STDERR', 'busybox', 'sh', '-c', 'echo out; echo err >&2')).toEqual({ code: 0, stdout: '', stderr: 'err\n' })
  })

  it('stdin: the id is printed, and the program gets its input', async () => {
    const { code, stdout } = await box.start(['run', '-i', '-a', 'stdin', 'busybox', 'cat'], { input: 'for the log\n' }).exited
    expect(code).toBe(0)
    const id = stdout.trim()
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await box.ok('wait', id)).toBe('0')
    expect(await box.ok('logs', id)).toBe('for the log')
  })

  it('does not go with -d', async () => {
    expect(await box.lichen('run', '-d', '-a', 'stdout', 'busybox')).toEqual(
      expect.objectContaining({ code: 1, stderr: expect.stringContaining('Conflicting options: -a and -d') }),
    )
  })
})

describe('output', () => {
  it('of any size arrives whole', async () => {
    const { stdout, code } = await box.lichen('run', '--rm', 'busybox', 'sh', '-c', 'head -c 5000000 /dev/zero | tr "\\0" x')
    expect([code, stdout.length]).toEqual([0, 5_000_000])
  })

  it('that nobody reads any more ends the command, not the container', async () => {
    const run = box.start(['run', '--name', 'talker', 'busybox', 'sh', '-c', 'while :; do echo line; sleep 0.05; done'])
    await run.printed('line')
    run.stopReading()
    expect((await run.exited).code).toBe(0)
    expect(await inspect('talker', '{{.State.Running}}')).toBe('true')
  })
})
