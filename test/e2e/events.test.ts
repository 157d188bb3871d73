import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const told = async (...flags: string[]) => {
  const format = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}} {{.Actor.Attributes.signal}}'
  const lines = (await box.ok('events', '--since', '1h', '--stream=false', '--format', format, ...flags)).split('\n')
  return lines.map((line) => line.replaceAll('<no value>', '-').trim()).filter((line) => line !== '')
}
const forget = () => rmSync(join(box.data, 'events.log'), { force: true })

describe('events', () => {
  it('tell the life of a container, in order', async () => {
    forget()
    await box.lichen('run', '--name', 'one', 'busybox', 'sh', '-c', 'exit 3')
    await box.ok('start', 'one')
    await box.ok('wait', 'one')
    await box.ok('rename', 'one', 'two')
    await box.ok('rm', 'two')
    expect(await told('--filter', 'type=container')).toEqual([
      'container create one - -',
      'container attach one - -',
      'container start one - -',
      'container die one 3 -',
      'container start one - -',
      'container die one 3 -',
      'container rename two - -',
      'container destroy two - -',
    ])
  })

  it('are found by the labels of the container', async () => {
    forget()
    await box.ok('run', '--rm', '--name', 'green', '--label', 'colour=green', 'busybox', 'true')
    await box.ok('run', '--rm', '--name', 'plain', 'busybox', 'true')
    expect(await told('--filter', 'label=colour=green', '--filter', 'event=die')).toEqual(['container die green 0 -'])
  })

  it('tell of stop, kill, restart, exec and health', async () => {
    forget()
    await box.ok('run', '-d', '--name', 'up', '--stop-signal', 'KILL', '--health-cmd', 'true', '--health-interval', '100ms', 'busybox', 'sleep', '1000')
    await box.ok('wait', '--condition', 'healthy', 'up')
    await box.lichen('exec', 'up', 'sh', '-c', 'exit 4')
    await box.ok('kill', '-s', 'HUP', 'up')
    await box.ok('restart', 'up')
    await box.ok('stop', 'up')
    const lines = await told('--filter', 'container=up')
    expect(lines.filter((line) => !line.includes('health_status'))).toEqual([
      'container create up - -',
      'container start up - -',
      'container exec_create: sh -c exit 4 up - -',
      'container exec_start: sh -c exit 4 up - -',
      'container exec_die up 4 -',
      'container kill up - 1',
      'container kill up - 9',
      'container die up 137 -',
      'container stop up - -',
      'container start up - -',
      'container restart up - -',
      'container kill up - 9',
      'container die up 137 -',
      'container stop up - -',
    ])
    expect(await told('--filter', 'event=health_status')).toContain('container health_status: healthy up - -')
  })

  it('tell of restarts, where no command is there to do it', async () => {
    forget()
    await box.ok('run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'exit 1')
    await box.ok('logs', '-f', 'again')
    expect(await told('--filter', 'event=die', '--filter', 'event=start')).toEqual(
      [1, 2, 3].flatMap(() => ['container start again - -', 'container die again 1 -']),
    )
  })

  it('tell of volumes and images', async () => {
    forget()
    await box.ok('volume', 'create', 'data')
    await box.ok('run', '--rm', '-v', 'data:/data', 'busybox', 'true')
    await box.ok('volume', 'rm', 'data')
    await box.ok('tag', 'busybox', 'other')
    await box.ok('rmi', 'other')
    expect((await told('--filter', 'type=volume')).map((line) => line.split(' ')[1])).toEqual(['create', 'mount', 'unmount', 'destroy'])
    expect((await told('--filter', 'type=image')).map((line) => line.split(' ')[1])).toEqual(['tag', 'untag'])
  })

  it('tell of copies, and of prunes that found nothing, too', async () => {
    await box.ok('create', '--name', 'files', 'busybox')
    forget()
    await box.ok('cp', 'files:/etc/passwd', 'passwd')
    await box.ok('cp', 'passwd', 'files:/tmp/')
    expect(await told('--filter', 'container=files')).toEqual(['container archive-path files - -', 'container extract-to-dir files - -'])
    forget()
    const volume = await box.ok('volume', 'create')
    for (const type of ['container', 'volume', 'image']) await box.ok(type, 'prune', '--force')
    const line = '{{.Type}} {{.Action}} {{.Actor.ID}} {{len .Actor.Attributes}}'
    const pruned = (await box.ok('events', '--stream=false', '--format', line, '--filter', 'event=prune', '--filter', 'event=destroy')).split('\n')
    expect(pruned.filter((text) => !text.startsWith('container destroy'))).toEqual([
      'container prune  1',
      `volume destroy ${volume} 1`,
      'volume prune  1',
      'image prune  1',
    ])
  })

  it('come as they happen, from all commands, until --until', async () => {
    forget()
    const events = box.start(['events', '--until', new Date(Date.now() + 20_000).toISOString(), '--filter', 'event=die'])
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await box.ok('run', '--rm', '--name', 'passing', 'busybox', 'true')
    await events.printed('container die ')
    events.kill('SIGTERM')
    const { stdout } = await events.exited
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}(Z|[+-]\d\d:\d\d) container die [0-9a-f]{64} \(execDuration=\d+, exitCode=0, image=busybox, name=passing\)\n$/,
    )
  })

  it('are no reason to fail where they can not be written', async () => {
    await box.ok('create', '--name', 'one', 'busybox', 'true')
    chmodSync(join(box.data, 'events.log'), 0o400)
    await box.ok('start', '-a', 'one')
    await box.ok('rm', 'one')
    chmodSync(join(box.data, 'events.log'), 0o600)
  })

  it('refuse what is no time and no filter', async () => {
    expect((await box.lichen('events', '--since', 'soon')).stderr).toContain('failed to parse value as time or duration: "soon"')
    expect((await box.lichen('events', '--filter', 'colour=blue')).stderr).toContain("invalid filter 'colour'")
  })
})
