import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
/** busybox's prompt for root. */
const PROMPT = '/ # '
/** Says when it has the terminal. */
const SLEEP = `sh -c 'echo sleeping; exec sleep 1000'\r`

describe('run -it', () => {
  it('is a shell in a terminal: size, job control, Ctrl-C, exit code', async () => {
    const terminal = box.terminal(['run', '--rm', '-it', 'busybox'], { rows: 33, columns: 101 })
    await terminal.shows(PROMPT)
    terminal.type('tty; stty size\r')
    await terminal.shows(/\/dev\/pts\/0\r\n33 101\r\n/)
    terminal.type(SLEEP)
    await terminal.shows(/\nsleeping/)
    terminal.type('\x03')
    terminal.type('echo "code $?"\r')
    await terminal.shows('code 130')
    terminal.type('sleep 1000 & jobs; exit 9\r')
    await terminal.shows(/\[1\]\+? +Running/)
    const { code } = await terminal.exited
    expect(code).toBe(9)
  })

  it('suspends a program inside with Ctrl-Z, and not the command', async () => {
    const terminal = box.terminal(['run', '--rm', '-it', 'busybox'])
    await terminal.shows(PROMPT)
    terminal.type(SLEEP)
    await terminal.shows(/\nsleeping/)
    terminal.type('\x1a')
    await terminal.shows(/\[1\]\+ +Stopped/)
    terminal.type('kill -9 %1; echo "killed: $?"\r')
    await terminal.shows('killed: 0')
    // It may have to be told twice, if the job has not been missed yet.
    terminal.type('exit 3\rexit 3\r')
    expect((await terminal.exited).code).toBe(3)
  })

  it('follows the size of the window', async () => {
    const terminal = box.terminal([
      'run',
      '--rm',
      '-it',
      'busybox',
      'sh',
      '-c',
      'trap "stty size" WINCH; echo waiting; while :; do read -t 1 line; [ "$line" = q ] && exit; done',
    ])
    await terminal.shows('waiting')
    await terminal.resize(50, 132)
    await terminal.shows('50 132')
    terminal.type('q\r')
    expect((await terminal.exited).code).toBe(0)
  })

  it('gives the terminal back as it was', async () => {
    const terminal = box.terminal(['run', '--rm', '-it', 'busybox', 'true'])
    const { stdout } = await terminal.exited
    expect(stdout).toMatch(/ icanon /)
    expect(stdout).toMatch(/ echo /)
  })

  it('gives it back when the command is killed as well', async () => {
    const terminal = box.terminal(['run', '--rm', '-it', '--sig-proxy=false', '--name', 'kk', 'busybox', 'sh', '-c', 'echo up; sleep 1000'])
    await terminal.shows('up')
    const pids = (await import('../helpers/leftovers.ts')).processes(box.top)
    const launcher = pids.find((line) => line.includes(`--root ${box.data} run `) && !line.includes('script'))
    process.kill(Number(/process (\d+)/.exec(launcher ?? '')?.[1]), 'SIGTERM')
    expect((await terminal.exited).stdout).toMatch(/ icanon .* echo /s)
  })

  it('detaches with Ctrl-P Ctrl-Q, and attach comes back', async () => {
    const first = box.terminal(['run', '-it', '--name', 'shell', 'busybox'])
    await first.shows(PROMPT)
    first.type('x=kept\r')
    first.type('\x10\x11')
    expect((await first.exited).code).toBe(0)
    expect(await box.ok('inspect', '--format', '{{.State.Running}}', 'shell')).toBe('true')
    const second = box.terminal(['attach', 'shell'])
    second.type('echo "x is $x"\r')
    await second.shows('x is kept')
    second.type('exit 4\r')
    expect((await second.exited).code).toBe(4)
  })

  it('detaches with keys of ones own, which are typed else', async () => {
    const terminal = box.terminal(['run', '-it', '--detach-keys', 'ctrl-a,d', '--name', 'shell', 'busybox', 'cat'])
    terminal.type('\x10\x11abc\r')
    await terminal.shows('abc')
    terminal.type('\x01d')
    expect((await terminal.exited).code).toBe(0)
    expect(await box.ok('inspect', '--format', '{{.State.Running}}', 'shell')).toBe('true')
  })

  it('is shared by two terminals', async () => {
    const first = box.terminal(['run', '-it', '--name', 'shell', 'busybox'])
    await first.shows(PROMPT)
    const second = box.terminal(['attach', 'shell'])
    second.type('echo from the second\r')
    await Promise.all([first.shows(/\nfrom the second/), second.shows(/\nfrom the second/)])
    first.type('exit\r')
    expect([(await first.exited).code, (await second.exited).code]).toEqual([0, 0])
  })

  it('survives a closed window: the shell inside gets its hang-up', async () => {
    const terminal = box.terminal([
      'run',
      '--rm',
      '-it',
      '--name',
      'shell',
      'busybox',
      'sh',
      '-c',
      'trap "echo hung up; exit 1" HUP; echo up; while :; do sleep 0.05; done',
    ])
    await terminal.shows('up')
    terminal.hangUp()
    expect(await box.ok('wait', '--ignore', 'shell')).toMatch(/^(1|-1)$/)
  })

  it('works through start -ai', async () => {
    await box.ok('create', '-it', '--name', 'made', 'busybox')
    const terminal = box.terminal(['start', '-ai', 'made'])
    await terminal.shows(PROMPT)
    terminal.type('exit 7\r')
    expect((await terminal.exited).code).toBe(7)
  })
})

describe('exec -it', () => {
  it('is a second terminal of the container', async () => {
    await box.ok('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000')
    const terminal = box.terminal(['exec', '-it', 'host', 'sh'], { rows: 40, columns: 90 })
    await terminal.shows(PROMPT)
    terminal.type('stty size; tty\r')
    await terminal.shows(/40 90\r\n\/dev\/pts\/\d+/)
    terminal.type(SLEEP)
    await terminal.shows(/\nsleeping/)
    terminal.type('\x03')
    terminal.type('exit 6\r')
    expect((await terminal.exited).code).toBe(6)
  })
})

describe('-t without a terminal', () => {
  it('gives the program one all the same', async () => {
    const { stdout, code } = await box.lichen('run', '--rm', '-t', 'busybox', 'sh', '-c', 'tty; echo err >&2')
    expect([code, stdout]).toEqual([0, '/dev/pts/0\r\nerr\r\n'])
  })
})
