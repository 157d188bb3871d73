import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { Running } from '../helpers/process.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const ran = (name: string, script: string, ...flags: string[]) =>
  box.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sh', '-c', script).then(() => box.ok('wait', name))
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /

describe.each(['json-file', 'k8s-file'])('the log of %s', (driver) => {
  it('tells the streams apart', async () => {
    await ran('talk', 'echo one; echo two >&2; printf "a\\tb \\"c\\" \\\\ é\\n"; printf end', '--log-driver', driver)
    expect(await box.lichen('logs', 'talk')).toEqual({ code: 0, stdout: 'one\na\tb "c" \\ é\nend', stderr: 'two\n' })
  })

  it('is cut by --tail, and dated with -t', async () => {
    await ran('count', 'for i in 1 2 3 4 5; do echo $i; done', '--log-driver', driver)
    expect(await box.ok('logs', '--tail', '2', 'count')).toBe('4\n5')
    expect(await box.ok('logs', '-n0', 'count')).toBe('')
    expect(await box.ok('logs', '--tail', 'all', 'count')).toBe('1\n2\n3\n4\n5')
    const dated = (await box.ok('logs', '-t', 'count')).split('\n')
    expect(dated.map((line) => line.replace(time, ''))).toEqual(['1', '2', '3', '4', '5'])
    expect(dated.every((line) => time.test(line))).toBe(true)
  })

  it('is bounded by --since and --until', async () => {
    await ran('spaced', 'echo early; sleep 0.5; echo late', '--log-driver', driver)
    const [early = '', late = ''] = (await box.ok('logs', '-t', 'spaced')).split('\n').map((line) => line.split(' ')[0] ?? '')
    expect(await box.ok('logs', '--since', late, 'spaced')).toBe('late')
    expect(await box.ok('logs', '--until', early, 'spaced')).toBe('early')
    expect(await box.ok('logs', '--since', '1h', 'spaced')).toBe('early\nlate')
    expect(await box.ok('logs', '--until', '1h', 'spaced')).toBe('')
    const middle = (Date.parse(early) + 250) / 1000
    expect(await box.ok('logs', '--since', String(middle), 'spaced')).toBe('late')
    expect(await box.lichen('logs', '--since', 'then', 'spaced')).toEqual(
      expect.objectContaining({ code: 1, stderr: expect.stringContaining('invalid value for "since"') }),
    )
  })

  it('is rotated, and read over the rotated files', async () => {
    await ran(
      'much',
      'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done',
      '--log-driver',
      driver,
      '--log-opt',
      'max-size=4k',
      '--log-opt',
      'max-file=3',
    )
    const path = await box.ok('inspect', '--format', '{{.LogPath}}', 'much')
    expect(readdirSync(dirname(path)).filter((name) => name.includes('.log')).length).toBe(3)
    const lines = (await box.ok('logs', 'much')).split('\n')
    const first = 400 - lines.length
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, at) => `line ${first + at}`))
    expect(lines.length).toBeGreaterThan(60)
    expect(await box.ok('logs', '--tail', '100', 'much')).toBe(lines.slice(-100).join('\n'))
  })

  it('is followed until the container ends, rotations and all', async () => {
    const flags = ['--log-driver', driver, '--log-opt', 'max-size=2k', '--log-opt', 'max-file=5']
    await box.ok(
      'run',
      '-d',
      '-i',
      '--name',
      'long',
      ...flags,
      'busybox',
      'sh',
      '-c',
      'echo first; i=0; while [ $i -lt 120 ]; do echo line $i; sleep 0.01; i=$((i+1)); done; printf last',
    )
    const { code, stdout } = await box.start(['logs', '-f', 'long']).exited
    expect(code).toBe(0)
    expect(stdout).toBe(`first\n${Array.from({ length: 120 }, (_, at) => `line ${at}\n`).join('')}last`)
  })

  it('is followed by many at once', async () => {
    await box.ok('run', '-d', '--name', 'star', '--log-driver', driver, 'busybox', 'sh', '-c', 'sleep 0.5; for i in 1 2 3; do echo $i; sleep 0.1; done')
    const all = await Promise.all(Array.from({ length: 5 }, () => box.start(['logs', '--follow', 'star']).exited))
    expect(all.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 5 }, () => '1\n2\n3\n'))
  })
})

describe('logs', () => {
  it('of a terminal is one stream', async () => {
    await ran('pty', 'echo out; echo err >&2', '-t')
    expect(await box.lichen('logs', 'pty')).toEqual({ code: 0, stdout: 'out\r\nerr\r\n', stderr: '' })
  })

  it('goes on over restarts', async () => {
    await ran('twice', 'echo run')
    await box.ok('start', '-a', 'twice')
    expect(await box.ok('logs', 'twice')).toBe('run\nrun')
  })

  it('is refused where nothing is kept', async () => {
    await ran('mute', 'echo nothing', '--log-driver', 'none')
    expect(await box.lichen('logs', 'mute')).toEqual({ code: 1, stdout: '', stderr: 'Error: configured logging driver does not support reading\n' })
    expect(await box.lichen('logs', 'missing')).toEqual({ code: 1, stdout: '', stderr: 'Error: No such container: missing\n' })
  })

  it('returns at once with -f where nothing runs', async () => {
    await ran('done', 'echo done')
    expect(await box.ok('logs', '-f', 'done')).toBe('done')
    await box.ok('create', '--name', 'made', 'busybox')
    expect(await box.ok('logs', '-f', 'made')).toBe('')
  })

  it('ends without a word when nobody reads', async () => {
    await box.ok('run', '-d', '--name', 'endless', 'busybox', 'sh', '-c', 'while :; do echo line; sleep 0.01; done')
    const logs = box.start(['logs', '-f', 'endless'])
    await logs.printed('line')
    logs.stopReading()
    expect(await logs.exited).toEqual(expect.objectContaining({ code: 0, stderr: '' }))
  })

  it('is followed to the end when the container is removed', async () => {
    await box.ok('run', '-d', '--rm', '--name', 'brief', 'busybox', 'sh', '-c', 'echo begin; sleep 0.5; echo end')
    expect((await box.lichen('logs', '-f', 'brief')).stdout).toBe('begin\nend\n')
  })

  it('keeps lines longer than any buffer in one piece', async () => {
    await ran('long', 'head -c 300000 /dev/zero | tr "\\0" x; echo; echo short')
    const { stdout } = await box.lichen('logs', 'long')
    expect(stdout === `${'x'.repeat(300000)}\nshort\n`).toBe(true)
  })
})

describe('attributes', () => {
  it('are in every line, and shown by --details', async () => {
    const opts = ['--log-opt', 'labels=team,nope', '--log-opt', 'env-regex=^CO', '--log-opt', 'tag={{.Name}}/{{.ImageName}}']
    await ran('marked', 'echo out; echo err >&2', '--label', 'team=a b', '-e', 'COLOUR=blue', '-e', 'OTHER=1', ...opts)
    const { stdout, stderr } = await box.lichen('logs', '--details', 'marked')
    const words = 'COLOUR=blue,tag=marked%2Fbusybox,team=a+b'
    expect([stdout, stderr]).toEqual([`${words} out\n`, `${words} err\n`])
    expect(await box.lichen('logs', 'marked')).toEqual({ code: 0, stdout: 'out\n', stderr: 'err\n' })
    const path = await box.ok('inspect', '--format', '{{.LogPath}}', 'marked')
    expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0] ?? '')).toMatchObject({ attrs: { COLOUR: 'blue', tag: 'marked/busybox', team: 'a b' } })
    expect(await box.lichen('run', '--rm', '--network', 'none', '--log-opt', 'tag={{.Nope}}', 'busybox')).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^Error: log opt tag: template parsing error: .*Nope/) as string,
    })
  })
})

describe('passthrough', () => {
  const flags = ['--network', 'none', '--log-driver', 'passthrough']

  it("gives the caller's own descriptors to what runs in the foreground", async () => {
    const script = 'cat; echo out; echo err >&2; test -z "$(ls /proc/self/fd | tail -n +5)"; exit 4'
    expect(await box.start(['run', '--name', 'own', ...flags, 'busybox', 'sh', '-c', script], { input: 'in\n' }).exited).toEqual({
      code: 4,
      stdout: 'in\nout\n',
      stderr: 'err\n',
    })
    expect(await box.lichen('logs', 'own')).toEqual({ code: 1, stdout: '', stderr: 'Error: configured logging driver does not support reading\n' })
    expect(await box.start(['start', '--attach', 'own'], { input: 'again\n' }).exited).toEqual({ code: 4, stdout: 'again\nout\n', stderr: 'err\n' })
  })

  it('and to what runs beside it, restarts and all', async () => {
    const running = box.start(['run', '-d', '--restart', 'on-failure:1', ...flags, 'busybox', 'sh', '-c', 'echo late; exit 3'])
    const { code, stdout } = await running.exited
    // Who writes first, the container or the command its id, nobody says.
    expect([code, ...stdout.trim().split('\n').sort()]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}$/), 'late', 'late'])
  })

  it('is no way to the terminal of the user', async () => {
    const refused = { code: 125, stderr: expect.stringMatching(/^Error: the log driver passthrough and a terminal exclude each other\n/) as string }
    expect(await box.lichen('run', '--rm', '-t', ...flags, 'busybox')).toMatchObject(refused)
    const terminal = box.terminal(['run', '--rm', ...flags, 'busybox', 'echo', 'reached'])
    expect(await terminal.exited).toMatchObject({ code: 125 })
  })
})

describe('journald', () => {
  const socket = '/run/systemd/journal/socket'

  it('gets every line with the fields of its container', async () => {
    const id = await box.ok(
      'create',
      '--network',
      'none',
      '--log-driver',
      'journald',
      '--label',
      'team=red',
      '--log-opt',
      'labels=team',
      'busybox',
      'sh',
      '-c',
      'echo one; echo two >&2',
    )
    if (existsSync(socket)) {
      await box.ok('start', '--attach', id)
      const read = async () => new Running(['journalctl', '--output=json', '--all', `CONTAINER_ID_FULL=${id}`], { cwd: '/', env: box.env }).exited
      await eventually(async () => (await read()).stdout, /"MESSAGE":"one"[\s\S]*"MESSAGE":"two"/)
      expect((await read()).stdout).toMatch(/"TEAM":"red"/)
      return
    }
    // No journal on this machine: we are it.
    expect(await box.lichen('start', id)).toMatchObject({ code: 1, stderr: expect.stringMatching(/journald is not enabled on this host\nhint: /) as string })
    const made = mkdirSync('/run/systemd/journal', { recursive: true })
    const script = `import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); print("ready", flush=True)
for i in range(2): print(repr(s.recv(1 << 20)), flush=True)`
    const journal = new Running(['python3', '-c', script, socket], { cwd: '/', env: box.env })
    try {
      await journal.printed('ready')
      expect(await box.lichen('start', '--attach', id)).toEqual({ code: 0, stdout: 'one\n', stderr: 'two\n' })
      const { stdout } = await journal.exited
      for (const field of [`CONTAINER_ID_FULL=${id}`, 'TEAM=red', 'IMAGE_NAME=busybox', `CONTAINER_TAG=${id.slice(0, 12)}`])
        expect(stdout.split(field)).toHaveLength(3)
      expect(stdout).toMatch(/PRIORITY=6\\n.*one/)
      expect(stdout).toMatch(/PRIORITY=3\\n.*two/)
      expect(stdout).toMatch(/LOG_ORDINAL=1\\n[\s\S]*LOG_ORDINAL=2\\n/)
    } finally {
      journal.kill('SIGKILL')
      rmSync(socket, { force: true })
      if (made !== undefined) rmSync(made, { recursive: true })
    }
  })
})
