import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const limits = (name: string) =>
  box.ok('inspect', '--format', '{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.NanoCpus}} {{.CpuQuota}} {{.PidsLimit}}{{end}}', name)

it('changes what one that does not run is started with', async () => {
  const id = await box.ok('create', '--name', 'box', '--memory', '64m', 'busybox')
  expect(await box.ok('update', '--memory', '96m', '--memory-swap', '128m', '--pids-limit', '50', 'box')).toBe('box')
  expect(await limits('box')).toBe(`${96 * 2 ** 20} ${128 * 2 ** 20} 0 0 50`)
  expect(await box.ok('update', '--cpus', '0.5', id.slice(0, 12))).toBe(id.slice(0, 12))
  expect(await limits('box')).toBe(`${96 * 2 ** 20} ${128 * 2 ** 20} 500000000 0 50`)
  expect(await box.ok('ps', '-a', '--format', '{{.Names}} {{.State}}')).toBe('box created')
})

it("says Docker's words, goes on with the others, and changes nothing of one that it refuses", async () => {
  await box.ok('create', '--name', 'one', '--memory', '64m', '--memory-swap', '96m', 'busybox')
  await box.ok('create', '--name', 'two', 'busybox')
  const { code, stdout, stderr } = await box.lichen('update', '--pids-limit', '9', '--memory', '128m', 'one', 'none', 'two')
  expect([code, stdout]).toEqual([1, 'two\n'])
  expect(stderr).toContain('Error: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time')
  expect(stderr).toContain('Error: No such container: none')
  expect(await limits('one')).toBe(`${64 * 2 ** 20} ${96 * 2 ** 20} 0 0 <no value>`)
  expect(await box.lichen('update', 'one')).toEqual({ code: 1, stdout: '', stderr: 'Error: you must provide one or more flags when using this command\n' })
  expect(await box.lichen('update', '--memory', 'x', 'one')).toMatchObject({
    code: 125,
    stderr: expect.stringContaining('invalid argument "x" for "-m, --memory" flag'),
  })
  expect((await box.lichen('update', '--memory', '1m', 'one')).stderr).toBe('Error: Minimum memory limit allowed is 6MB\n')
})

it('of one that runs without a cgroup of its own is refused, and nothing changes', async () => {
  await box.ok('run', '-d', '--name', 'box', 'busybox', 'sleep', '1000')
  const { code, stderr } = await box.lichen('update', '--memory', '64m', 'box')
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: .*cgroup.*\nhint: /)])
  expect(await limits('box')).toBe('0 0 0 0 <no value>')
})

it('killed at any moment leaves the record whole', async () => {
  await box.ok('create', '--name', 'box', 'busybox')
  for (let at = 0; at < 8; at++) {
    const running = box.start(['update', '--pids-limit', String(100 + at), 'box'])
    await new Promise((resolve) => setTimeout(resolve, 10 + 4 * at))
    running.kill('SIGKILL')
    await running.exited
    expect(await limits('box')).toMatch(/^0 0 0 0 (<no value>|10\d)$/)
  }
})

const policy = (name: string) => box.ok('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}', name)

it('changes the restart policy of one that does not run', async () => {
  await box.ok('create', '--name', 'box', 'busybox', 'sleep', '1000')
  await box.ok('update', '--restart', 'on-failure:3', 'box')
  expect(await policy('box')).toBe('on-failure 3')
  await box.ok('update', '--restart', 'no', 'box')
  expect(await policy('box')).toBe('no 0')
  await box.ok('create', '--name', 'brief', '--rm', 'busybox')
  expect(await box.lichen('update', '--restart', 'always', 'brief')).toMatchObject({
    code: 1,
    stderr: 'Error: Restart policy cannot be updated because AutoRemove is enabled for the container\n',
  })
})

it('changes the restart policy of one that runs, whose monitor knows its new name as well', async () => {
  const pidfile = join(box.files, 'pid')
  const script = 'trap "exit 3" USR1; echo ready; while :; do sleep 0.02; done'
  const id = await box.ok('run', '-d', '--name', 'before', '--network', 'none', '--pidfile', pidfile, 'busybox', 'sh', '-c', script)
  const ready = (times: number) => eventually(() => box.ok('logs', id), new RegExp(`^(ready\n?){${times}}$`))
  const facts = () => box.ok('inspect', '--format', '{{.State.Status}} {{.RestartCount}}', id)
  await ready(1)
  await box.ok('rename', 'before', 'after')
  await box.ok('update', '--restart', 'on-failure:1', 'after')
  expect(await policy('after')).toBe('on-failure 1')
  await box.ok('kill', '-s', 'USR1', 'after')
  await ready(2)
  await eventually(facts, /^running 1$/)
  const pid = await box.ok('inspect', '--format', '{{.State.Pid}}', id)
  await eventually(async () => readFileSync(pidfile, 'utf8'), new RegExp(`^${pid}\n$`))
  await box.ok('update', '--restart', 'no', 'after')
  await box.ok('kill', '-s', 'USR1', 'after')
  expect(await box.ok('wait', id)).toBe('3')
  expect(await facts()).toBe('exited 1')
  const format = '{{.Action}} {{.Actor.Attributes.name}}'
  const told = (await box.ok('events', '--since', '1h', '--until', '0s', '--filter', `container=${id}`, '--format', format)).split('\n')
  expect(told.filter((line) => /^(start|die) /.test(line))).toEqual(['start before', 'die after', 'start after', 'die after'])
  // A start has the policy of the record, not what the monitor before was told.
  await box.ok('update', '--restart', 'always', 'after')
  await box.ok('start', 'after')
  await ready(3)
  await box.ok('kill', '-s', 'USR1', 'after')
  await ready(4)
})
