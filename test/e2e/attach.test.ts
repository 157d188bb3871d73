import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
/** Says what it reads, until it reads "bye". */
const echo = ['sh', '-c', 'echo ready; while read line; do [ "$line" = bye ] && exit 6; echo "got $line"; done']

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join('')

describe('attach', () => {
  it('shows what comes from now on, and carries input', async () => {
    await box.ok('run', '-d', '-i', '--name', 'echo', 'busybox', ...echo)
    const attach = box.start(['attach', 'echo'], { interactive: true })
    attach.write('hello\n')
    await attach.printed('got hello')
    attach.write('bye\n')
    expect(await attach.exited).toEqual({
      code: 6,
      stdout: expect.stringContaining('got hello\n'),
      stderr: '',
    })
  })

  it('is for many', async () => {
    await box.ok('run', '-d', '-i', '--name', 'echo', 'busybox', ...echo)
    const clients = Array.from({ length: 4 }, () => box.start(['attach', 'echo'], { interactive: true }))
    for (const [at, client] of clients.entries()) {
      client.write(`from ${at}\n`)
      await client.printed(`got from ${at}`)
    }
    await Promise.all(clients.map((client) => client.printed('got from 3')))
    clients[0]!.write('bye\n')
    expect((await Promise.all(clients.map(({ exited }) => exited))).map(({ code }) => code)).toEqual([6, 6, 6, 6])
  })

  it('may come and go', async () => {
    await box.ok('run', '-d', '-i', '--name', 'echo', 'busybox', ...echo)
    const first = box.start(['attach', 'echo'], { interactive: true })
    first.write('one\n')
    await first.printed('got one')
    first.kill('SIGKILL')
    await first.exited
    const second = box.start(['attach', 'echo'], { interactive: true })
    second.write('two\n')
    await second.printed('got two')
    second.write('bye\n')
    expect((await second.exited).code).toBe(6)
  })

  it('gives no input with --no-stdin', async () => {
    await box.ok('run', '-d', '-i', '--name', 'echo', 'busybox', 'sh', '-c', 'until [ -e /go ]; do echo here; sleep 0.05; done; timeout 1 cat; echo end')
    const attach = box.start(['attach', '--no-stdin', 'echo'], {
      input: 'unheard\n',
    })
    await attach.printed('here')
    await box.ok('exec', 'echo', 'touch', '/go')
    const { code, stdout } = await attach.exited
    expect([code, stdout.replaceAll('here\n', '')]).toEqual([0, 'end\n'])
  })

  it('hands signals on', async () => {
    await box.ok('run', '-d', '--name', 'trap', 'busybox', 'sh', '-c', 'trap "exit 8" INT; while :; do echo here; sleep 0.05; done')
    const attach = box.start(['attach', 'trap'])
    await attach.printed('here')
    attach.kill('SIGINT')
    expect((await attach.exited).code).toBe(8)
  })

  it('only goes away itself with --sig-proxy=false', async () => {
    await box.ok('run', '-d', '--name', 'trap', 'busybox', 'sh', '-c', 'trap "exit 8" INT; while :; do echo here; sleep 0.05; done')
    const attach = box.start(['attach', '--sig-proxy=false', 'trap'])
    await attach.printed('here')
    attach.kill('SIGINT')
    expect((await attach.exited).code).toBe(130)
    expect(await box.ok('inspect', '--format', '{{.State.Running}}', 'trap')).toBe('true')
  })

  it('needs a running container', async () => {
    await box.ok('create', '--name', 'made', 'busybox')
    expect(await box.lichen('attach', 'made')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: You cannot attach to a stopped container, start it first\nhint: lichen start -a made\n',
    })
    expect((await box.lichen('attach')).stderr).toContain('requires exactly 1 argument')
  })

  it('holds the program back rather than lose what a slow reader has not read', async () => {
    await box.ok('run', '-d', '--name', 'flood', 'busybox', 'sh', '-c', 'echo here; sleep 1; i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done')
    const slow = box.start(['attach', 'flood'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    slow.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    slow.kill('SIGCONT')
    const { code, stdout } = await slow.exited
    expect([code, stdout.endsWith(`line 18999\n${lines(19000, 20000)}`)]).toEqual([0, true])
    expect((await box.ok('logs', 'flood')).split('\n')).toHaveLength(20001)
  })
})
