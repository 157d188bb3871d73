import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const state = (name: string) => box.ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name)
const names = async () =>
  (await box.ok('ps', '-a', '--format', '{{.Names}}'))
    .split('\n')
    .filter((name) => name !== '')
    .sort()
const sleeper = (name: string, ...flags: string[]) => box.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000')
/** Ends on SIGTERM, with a code of its own. */
const polite = (name: string, ...flags: string[]) =>
  box.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sh', '-c', 'trap "exit 5" TERM; trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done')

describe('create and start', () => {
  it('runs when it is told to, again and again, on the same root file system', async () => {
    const id = await box.ok('create', '--name', 'job', 'busybox', 'sh', '-c', 'echo x >> /count; wc -l < /count')
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await state('job')).toBe('created 0')
    expect(await box.ok('start', '-a', 'job')).toBe('1')
    expect(await box.ok('start', '--attach', id.slice(0, 12))).toBe('2')
    expect(await box.ok('start', 'job')).toBe('job')
    expect(await box.ok('wait', 'job')).toBe('0')
    expect((await box.ok('logs', 'job')).split('\n')).toEqual(['1', '2', '3'])
  })

  it('is no failure of one that runs', async () => {
    await sleeper('up')
    expect(await box.ok('start', 'up')).toBe('up')
    expect(await state('up')).toBe('running 0')
  })

  it('gives the exit code and carries input with -ai', async () => {
    await box.ok('create', '-i', '--name', 'calc', 'busybox', 'sh')
    expect(await box.start(['start', '-ai', 'calc'], { input: 'echo hi; exit 9\n' }).exited).toEqual({ code: 9, stdout: 'hi\n', stderr: '' })
  })

  it("carries a pipe's input to a terminal, as Docker's start does and its run does not", async () => {
    await box.ok('create', '-it', '--name', 'asks', 'busybox', 'sh', '-c', 'stty -echo; echo ready; read line; echo "got $line"; exit 4')
    const start = box.start(['start', '-ai', 'asks'], { interactive: true })
    await start.printed('ready')
    start.write('piped\n')
    await start.printed('got piped')
    expect((await start.exited).code).toBe(4)
  })

  it('starts several, says which fail, and starts the others', async () => {
    await box.ok('create', '--name', 'aa', 'busybox', 'sleep', '1000')
    await box.ok('create', '--name', 'bb', 'busybox', 'nope')
    await box.ok('create', '--name', 'cc', 'busybox', 'sleep', '1000')
    const { code, stdout, stderr } = await box.lichen('start', 'aa', 'bb', 'missing', 'cc')
    expect([code, stdout]).toEqual([1, 'aa\ncc\n'])
    expect(stderr).toContain('exec: "nope"')
    expect(stderr).toContain('No such container: missing')
    expect(stderr).toMatch(/\nError: failed to start containers: bb, missing\n$/)
    expect((await box.lichen('start', '-a', 'aa', 'cc')).stderr).toMatch(/you cannot start and attach multiple containers at once/)
  })

  it('fails of a flag with 125 and of what it wants with 1', async () => {
    expect((await box.lichen('create', '--nope', 'busybox')).code).toBe(125)
    expect((await box.lichen('create', '--pull', 'never', 'nope')).code).toBe(1)
  })
})

describe('stop', () => {
  it('asks with SIGTERM, and prints the name as it was given', async () => {
    const id = await polite('nice')
    await box.ok('logs', 'nice')
    expect(await box.ok('stop', id.slice(0, 8))).toBe(id.slice(0, 8))
    expect(await state('nice')).toBe('exited 5')
  })

  it('kills what does not listen, after -t seconds', async () => {
    await sleeper('deaf')
    const begin = Date.now()
    expect(await box.ok('stop', '-t', '1', 'deaf')).toBe('deaf')
    expect(Date.now() - begin).toBeGreaterThanOrEqual(1000)
    expect(await state('deaf')).toBe('exited 137')
  })

  it.each([['--time', '0'], ['--timeout', '0'], ['-t0']])('takes %s', async (...flags) => {
    await sleeper('deaf')
    await box.ok('stop', ...flags, 'deaf')
    expect(await state('deaf')).toBe('exited 137')
  })

  it('takes the signal of the command line, of the container', async () => {
    await polite('usr')
    await box.ok('stop', '--signal', 'USR1', 'usr')
    expect(await state('usr')).toBe('exited 6')
    await polite('own', '--stop-signal', 'SIGUSR1')
    await box.ok('stop', 'own')
    expect(await state('own')).toBe('exited 6')
    await sleeper('quick', '--stop-timeout', '0')
    await box.ok('stop', 'quick')
    expect(await state('quick')).toBe('exited 137')
  })

  it('leaves alone what does not run, and says what is not there', async () => {
    await box.ok('create', '--name', 'made', 'busybox')
    expect(await box.ok('stop', 'made')).toBe('made')
    expect(await state('made')).toBe('created 0')
    expect(await box.lichen('stop', 'made', 'missing')).toEqual({ code: 1, stdout: 'made\n', stderr: 'Error: No such container: missing\n' })
    expect(await box.ok('stop', '--ignore', 'missing')).toBe('')
  })

  it('stops all that run with -a, at the same time', async () => {
    await Promise.all(['aa', 'bb', 'cc'].map((name) => sleeper(name)))
    await box.ok('create', '--name', 'dd', 'busybox')
    const begin = Date.now()
    expect((await box.ok('stop', '-a', '-t', '1')).split('\n')).toHaveLength(3)
    expect(Date.now() - begin).toBeLessThan(2500)
    expect(await box.ok('ps', '-q')).toBe('')
  })

  it('of a --rm container returns when it is gone', async () => {
    await polite('brief', '--rm')
    await box.ok('stop', 'brief')
    expect(await names()).toEqual([])
  })
})

describe('kill', () => {
  it('sends SIGKILL, or what it is told', async () => {
    await sleeper('aa')
    expect(await box.ok('kill', 'aa')).toBe('aa')
    expect(await box.ok('wait', 'aa')).toBe('137')
    const id = await polite('bb')
    const logs = box.start(['logs', '-f', 'bb'])
    await logs.printed('ready')
    expect(await box.ok('kill', '-s', 'sigusr1', id)).toBe(id)
    expect(await box.ok('wait', 'bb')).toBe('6')
    expect((await logs.exited).code).toBe(0)
    await sleeper('cc')
    expect(await box.ok('kill', '-s', '', 'cc')).toBe('cc')
    expect(await box.ok('wait', 'cc')).toBe('137')
  })

  it('fails where nothing runs', async () => {
    const id = await box.ok('create', '--name', 'made', 'busybox')
    expect(await box.lichen('kill', 'made')).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error: cannot kill container: made: container ${id} is not running\n`,
    })
    expect(await box.lichen('kill', '-s', 'NOPE', 'made')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: cannot kill container: made: invalid signal: NOPE\n',
    })
  })
})

describe('wait', () => {
  it('prints exit codes in the order of the names', async () => {
    await box.ok('run', '--name', 'two', 'busybox', 'true')
    await box.ok('run', '-d', '--name', 'one', 'busybox', 'sh', '-c', 'sleep 0.3; exit 3')
    expect(await box.ok('wait', 'one', 'two')).toBe('3\n0')
    expect(await box.lichen('wait', 'one', 'missing')).toEqual({ code: 1, stdout: '3\n', stderr: 'Error: No such container: missing\n' })
  })

  it('does not wait for one that has not been started', async () => {
    await box.ok('create', '--name', 'made', 'busybox')
    expect(await box.ok('wait', 'made')).toBe('0')
  })

  it('sees the code of containers that remove themselves, however many wait', async () => {
    for (let round = 0; round < 5; round++) {
      await box.ok('run', '-d', '-i', '--rm', '--name', 'brief', 'busybox', 'sh', '-c', 'trap "exit 42" TERM; echo ready; while :; do sleep 0.02; done')
      const waiters = Array.from({ length: 4 }, () => box.start(['wait', 'brief']))
      const logs = box.start(['logs', '-f', 'brief'])
      await logs.printed('ready')
      await new Promise((resolve) => setTimeout(resolve, 300))
      await box.ok('kill', '-s', 'TERM', 'brief')
      expect((await Promise.all(waiters.map(({ exited }) => exited))).map(({ stdout }) => stdout)).toEqual(['42\n', '42\n', '42\n', '42\n'])
      await box.ok('wait', '--condition', 'removed', '--ignore', 'brief')
    }
  })

  it('waits for other things too', async () => {
    await box.ok('create', '--name', 'late', 'busybox', 'sh', '-c', 'exit 8')
    const running = box.start(['wait', '--condition', 'next-exit', 'late'])
    await new Promise((resolve) => setTimeout(resolve, 300))
    await box.ok('start', 'late')
    expect((await running.exited).stdout).toBe('8\n')
    expect((await box.lichen('wait', '--condition', 'nope', 'late')).code).toBe(125)
  })
})

describe('rm', () => {
  it('removes what does not run, and tells what does', async () => {
    await box.ok('run', '--name', 'done', 'busybox', 'true')
    await sleeper('busy')
    const { code, stdout, stderr } = await box.lichen('rm', 'done', 'busy', 'missing')
    expect([code, stdout]).toEqual([1, 'done\n'])
    expect(stderr).toContain('Error: cannot remove container "/busy": container is running: stop the container before removing or force remove\n')
    expect(stderr).toContain('Error: No such container: missing\n')
    expect(await box.lichen('rm', '-f', 'busy', 'missing')).toEqual({ code: 0, stdout: 'busy\n', stderr: 'Error: No such container: missing\n' })
    expect(await box.lichen('rm', '--ignore', 'missing')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await names()).toEqual([])
  })

  it('lets a running container end by itself with --time', async () => {
    const script = 'trap "echo bye >/said/word; exit" TERM; echo ready; while :; do sleep 0.1; done'
    await box.ok('run', '-d', '--name', 'polite', '-v', `${box.files}:/said`, 'busybox', 'sh', '-c', script)
    await eventually(() => box.ok('logs', 'polite'), /ready/)
    expect(await box.ok('rm', '--time', '60', 'polite')).toBe('polite')
    expect(readFileSync(join(box.files, 'word'), 'utf8')).toBe('bye\n')
    await box.ok('run', '-d', '--name', 'deaf', 'busybox', 'sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done')
    expect(await box.ok('rm', '-t', '0', 'deaf')).toBe('deaf')
    expect(await names()).toEqual([])
  })

  it('removes files of every owner', async () => {
    await box.ok(
      'run',
      '--name',
      'owners',
      'busybox',
      'sh',
      '-c',
      'mkdir -p /a/b && touch /a/b/c && chown -R 1000:1000 /a && chmod 0 /a/b && mkdir /closed && chown 65534 /closed && chmod 0 /closed',
    )
    await box.ok('rm', 'owners')
  })

  it('removes anonymous volumes with -v, and never named ones', async () => {
    const volumes = () => box.ok('inspect', '--format', '{{range .Mounts}}{{.Source}} {{end}}', 'voluminous')
    await box.ok('run', '--name', 'voluminous', '-v', '/anonymous', '-v', 'named:/named', 'busybox', 'sh', '-c', 'touch /anonymous/a /named/n')
    const [anonymous = '', named = ''] = (await volumes())
      .trim()
      .split(' ')
      .sort((a) => (a.includes('named') ? 1 : -1))
    await box.ok('rm', '-v', 'voluminous')
    const { existsSync } = await import('node:fs')
    expect([existsSync(anonymous), existsSync(named)]).toEqual([false, true])
  })

  it('removes all with -a, running ones with -f', async () => {
    await sleeper('aa')
    await box.ok('create', '--name', 'bb', 'busybox')
    expect((await box.lichen('rm', '--all')).code).toBe(1)
    expect(await names()).toEqual(['aa'])
    await box.ok('rm', '-fa')
    expect(await names()).toEqual([])
  })
})

describe('choosing', () => {
  it('takes --latest and --filter', async () => {
    await sleeper('first', '--label', 'team=x')
    await sleeper('second', '--label', 'team=y')
    const second = await box.ok('inspect', '--format', '{{.Id}}', 'second')
    expect(await box.ok('inspect', '--latest', '--format', '{{.Id}}')).toBe(second)
    expect(await box.ok('stop', '-t', '0', '--latest')).toBe(second)
    await box.ok('rm', '-f', '--filter', 'label=team=x')
    expect(await names()).toEqual(['second'])
    expect((await box.lichen('rm', '--all', 'second')).code).toBe(125)
  })
})

describe('after a catastrophe', () => {
  it('tells that a container has ended whose monitor was killed, and starts it again', async () => {
    await sleeper('orphan')
    const pid = Number(await box.ok('inspect', '--format', '{{.State.ConmonPid}}', 'orphan'))
    process.kill(pid, 'SIGKILL')
    expect(await box.ok('wait', 'orphan')).toBe('255')
    expect(await state('orphan')).toBe('exited 255')
    expect(await box.ok('start', 'orphan')).toBe('orphan')
    expect(await state('orphan')).toBe('running 0')
  })

  it('forgets what ran before a reboot', async () => {
    await sleeper('old')
    const pid = Number(await box.ok('inspect', '--format', '{{.State.ConmonPid}}', 'old'))
    process.kill(pid, 'SIGKILL')
    await box.ok('wait', 'old')
    rmSync(`${box.run}/lichen`, { recursive: true })
    expect(await state('old')).toBe('exited 255')
    await box.ok('start', 'old')
    await box.ok('stop', '-t', '0', 'old')
    rmSync(`${box.run}/lichen`, { recursive: true })
    await box.ok('rm', 'old')
  })
})

describe('--cidfile', () => {
  it.each(['kill', 'stop', 'rm'])('%s takes the id from a file, and passes one over that is not there if told so', async (verb) => {
    const file = `${box.files}/${verb}.cid`
    const id = await box.ok('run', '-d', '--cidfile', file, '--stop-timeout', '0', 'busybox', 'sleep', '1000')
    expect(await box.lichen(verb, '--cidfile', `${box.files}/none`)).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^Error: reading CIDFile: open .*none: no such file or directory/),
    })
    if (verb !== 'kill') expect(await box.ok(verb, '--ignore', '--cidfile', `${box.files}/none`)).toBe('')
    expect(await box.ok(verb, ...(verb === 'rm' ? ['-f'] : []), '--cidfile', file)).toBe(id)
    rmSync(file)
  })
})
