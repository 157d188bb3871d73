import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Running } from '../helpers/process.ts'
import { useSandbox } from '../helpers/sandbox.ts'
import { asUser } from '../helpers/user.ts'

const box = useSandbox()
const missing = (fd: number) => `Error: file descriptor ${fd} is not available - the preserve-fds option requires that file descriptors must be passed\n`

// Both engines open descriptors of their own before a line of ours runs.
describe.each([
  ['the standalone build', box.command],
  ['the build for Node', resolve('bin/lichen')],
])('--preserve-fds of %s', (_, command) => {
  /** "$@" is lichen. */
  const shell = (line: string, options: { interactive?: boolean; env?: Record<string, string> } = {}) =>
    new Running(asUser(box.user, ['sh', '-c', line, 'sh', command, '--root', box.data]), {
      interactive: options.interactive ?? false,
      cwd: box.files,
      env: { ...box.env, ...options.env },
    })
  const run = '"$@" run --rm --network none'

  it('hands down what it says and nothing else', async () => {
    const line = `echo three >f3; echo four >f4; ${run} --preserve-fds 1 busybox sh -c 'cat <&3; ls /proc/self/fd' 3<f3 4<f4`
    expect(await shell(line).exited).toEqual({ code: 0, stdout: 'three\n0\n1\n2\n3\n4\n', stderr: '' })
    const other = `${run} --preserve-fds 1 busybox sh -c 'cat <&4' 3<f3 4<f4`
    expect(await shell(other).exited).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/bad file descriptor/i) })
    expect((await shell(`${run} busybox ls /proc/self/fd 3<f3 4<f4`).exited).stdout).toBe('0\n1\n2\n3\n')
  })

  it('keeps the numbers of many, beside an init that has none', async () => {
    const numbers = Array.from({ length: 20 }, (_, at) => at + 3)
    const files = `for i in ${numbers.join(' ')}; do echo $i >f$i; done`
    const reads = `for i in ${numbers.join(' ')}; do cat <&$i; done; ls /proc/1/fd`
    // What has two digits no shell redirects by a plain word of POSIX.
    const opened = numbers.map((fd) => `${fd}<f${fd}`).join(' ')
    const line = `${files}; bash -c 'exec ${opened}; exec "$@"' bash ${run} --init --preserve-fds ${numbers.length} busybox sh -c '${reads}'`
    expect(await shell(line).exited).toEqual({ code: 0, stdout: `${numbers.join('\n')}\n`, stderr: '' })
  })

  it('keeps no copy: who reads from the process sees its end', async () => {
    const script = 'echo data >&3; exec 3>&-; cat'
    const line = `rm -f pipe; mkfifo pipe; { cat pipe; echo end; } & exec ${run} -i --preserve-fds 1 busybox sh -c '${script}' 3>pipe`
    const running = shell(line, { interactive: true })
    await running.printed('data\nend\n')
    expect(running.ended).toBe(false)
    running.end()
    expect(await running.exited).toEqual({ code: 0, stdout: 'data\nend\n', stderr: '' })
  })

  it('reaches a container that runs beside us', async () => {
    const line = `rm -f pipe; mkfifo pipe; cat pipe & exec "$@" run -d --network none --preserve-fds 1 busybox sh -c 'echo from behind >&3' 3>pipe`
    expect((await shell(line).exited).stdout).toContain('from behind\n')
  })

  it('hands down with exec', async () => {
    await box.ok('run', '-d', '--name', 'host', '--network', 'none', 'busybox', 'sleep', '1000')
    const line = `echo three >f3; "$@" exec --preserve-fds 1 host sh -c 'cat <&3; ls /proc/self/fd' 3<f3 4<f3`
    expect(await shell(line).exited).toEqual({ code: 0, stdout: 'three\n0\n1\n2\n3\n4\n', stderr: '' })
    const { code, stderr } = await shell('"$@" exec --preserve-fds 1 host true').exited
    expect([code, stderr.startsWith(missing(3))]).toEqual([125, true])
  })

  it.each([
    [1, '', 3],
    [2, '3</dev/null', 4],
    [4, '3</dev/null 4</dev/null 6</dev/null', 5],
  ])('says of %i what is missing behind "%s"', async (count, redirections, fd) => {
    const { code, stdout, stderr } = await shell(`${run} --preserve-fds ${count} busybox echo started ${redirections}`).exited
    expect([code, stdout, stderr]).toEqual([125, '', `${missing(fd)}hint: a shell passes one by ${fd}<FILE\n`])
  })

  it("tells of a service manager's sockets where they were meant for us", async () => {
    const ask = `busybox sh -c 'echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES'`
    const tell = 'export LISTEN_FDS=2 LISTEN_FDNAMES=a:b LISTEN_PID'
    const started = `LISTEN_PID=$$; ${tell}; exec ${run} --preserve-fds`
    expect((await shell(`${started} 2 ${ask} 3</dev/null 4</dev/null`).exited).stdout).toBe('2 1 a:b\n')
    expect((await shell(`${started} 1 --init ${ask} 3</dev/null`).exited).stdout).toBe('1 2 a\n')
    expect((await shell(`LISTEN_PID=1; ${tell}; ${run} --preserve-fds 1 ${ask} 3</dev/null`).exited).stdout).toBe('\n')
  })
})

it.each([
  [['--preserve-fds', '-1'], 'invalid argument "-1" for "--preserve-fds" flag: a number of descriptors, 500 at most'],
  [['--preserve-fds', '1', '--restart', 'always'], 'conflicting options: --preserve-fds and --restart'],
  [['--preserve-fds', '1', '--health-cmd', 'true', '--health-on-failure', 'restart'], 'conflicting options: --preserve-fds and --health-on-failure restart'],
])('refuses %j', async (flags, message) => {
  const { code, stderr } = await box.lichen('run', ...flags, 'busybox')
  expect([code, stderr.split('\n')[0]]).toEqual([125, `Error: ${message}`])
})
