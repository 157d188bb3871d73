import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const trapping = ['sh', '-c', 'for s in TERM INT HUP USR1 USR2 QUIT ALRM; do trap "echo $s; exit 5" $s; done; echo ready; while :; do sleep 0.05; done']

describe('signals to the command', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGALRM'] as const)('%s reaches the container', async (signal) => {
    const run = box.start(['run', '--rm', 'busybox', ...trapping])
    await run.printed('ready')
    run.kill(signal)
    expect(await run.exited).toEqual({ code: 5, stdout: `ready\n${signal.slice(3)}\n`, stderr: '' })
  })

  it('are ignored by a first process that has no handler, as on any machine', async () => {
    const run = box.start(['run', '--rm', '--name', 'deaf', 'busybox', 'sh', '-c', 'echo ready; sleep 1; exit 3'])
    await run.printed('ready')
    run.kill('SIGTERM')
    expect((await run.exited).code).toBe(3)
  })

  it('reach it through --init', async () => {
    const run = box.start(['run', '--rm', '--init', 'busybox', 'sh', '-c', 'echo ready; exec sleep 1000'])
    await run.printed('ready')
    run.kill('SIGTERM')
    expect((await run.exited).code).toBe(143)
  })

  it('end only the command with --sig-proxy=false', async () => {
    const run = box.start(['run', '--name', 'on', '--sig-proxy=false', 'busybox', ...trapping])
    await run.printed('ready')
    run.kill('SIGTERM')
    expect((await run.exited).code).toBe(143)
    expect(await box.ok('inspect', '--format', '{{.State.Running}}', 'on')).toBe('true')
  })

  it('that come while it starts are not lost', async () => {
    for (let delay = 0; delay < 200; delay += 20) {
      const run = box.start(['run', '--rm', '--name', 'early', 'busybox', 'sh', '-c', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.02; done'])
      await new Promise((resolve) => setTimeout(resolve, delay))
      run.kill('SIGTERM')
      // Too early for a handler, the kernel drops it: then the next one counts.
      const timer = setInterval(() => run.kill('SIGTERM'), 100)
      const { code } = await run.exited
      clearInterval(timer)
      expect([5, 143]).toContain(code)
      await box.ok('rm', '-f', '--ignore', 'early')
    }
  })
})

describe('SIGKILL to the command', () => {
  it('leaves the container running', async () => {
    const run = box.start(['run', '--name', 'on', 'busybox', ...trapping])
    await run.printed('ready')
    run.kill('SIGKILL')
    await run.exited
    expect(await box.ok('inspect', '--format', '{{.State.Running}}', 'on')).toBe('true')
    await box.ok('stop', 'on')
    expect(await box.ok('wait', 'on')).toBe('5')
  })

  it('leaves --rm to the monitor', async () => {
    const run = box.start(['run', '--rm', '--name', 'on', 'busybox', ...trapping])
    await run.printed('ready')
    run.kill('SIGKILL')
    await run.exited
    await box.ok('kill', '-s', 'TERM', 'on')
    await box.ok('wait', '--ignore', '--condition', 'removed', 'on')
    expect(await box.ok('ps', '-aq')).toBe('')
  })

  it('at any moment of a start leaves what the next command can mend', async () => {
    for (let delay = 5; delay < 150; delay += 5) {
      const run = box.start(['run', '--rm', 'busybox', 'sleep', '1000'])
      await new Promise((resolve) => setTimeout(resolve, delay))
      run.kill('SIGKILL')
      await run.exited
      // Nothing, a container that was made, or one that runs: whatever it is, it can be removed.
      await box.clear()
    }
  })
})
