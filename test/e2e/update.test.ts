import { expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const limits = (name: string) =>
  box.ok('inspect', '--format', '{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.NanoCpus}} {{.CpuQuota}} {{.PidsLimit}}{{end}}', name)

it('changes what one that does not run is started with', async () => {
  const id = await box.ok('create', '--name', 'box', '--memory', '64m', 'busybox')
  expect(await box.ok('update', '--memory', '96m', '--memory-swap', '128m', '--pids-limit', '50', 'box')).toBe('box')
  expect(await limits('box')).toBe(`${96 * 2 ** 20} ${128 * 2 ** 20} 0 0 50`)
  expect(await box.ok('update', '--cpus', '1.5', id.slice(0, 12))).toBe(id.slice(0, 12))
  expect(await limits('box')).toBe(`${96 * 2 ** 20} ${128 * 2 ** 20} 1500000000 0 50`)
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

it('changes the restart policy of one that does not run', async () => {
  const policy = (name: string) => box.ok('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}', name)
  await box.ok('create', '--name', 'box', 'busybox', 'sleep', '1000')
  await box.ok('update', '--restart', 'on-failure:3', 'box')
  expect(await policy('box')).toBe('on-failure 3')
  await box.ok('update', '--restart', 'no', 'box')
  expect(await policy('box')).toBe('no 0')
  await box.ok('start', 'box')
  const { code, stderr } = await box.lichen('update', '--restart', 'always', 'box')
  expect([code, stderr]).toEqual([1, "Error: the restart policy of box can't be changed while it runs\nhint: lichen stop box, then update and start it\n"])
  await box.ok('create', '--name', 'brief', '--rm', 'busybox')
  expect(await box.lichen('update', '--restart', 'always', 'brief')).toMatchObject({
    code: 1,
    stderr: 'Error: Restart policy cannot be updated because AutoRemove is enabled for the container\n',
  })
})
