import { expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()

it('shows what the processes use, and says so where there is no cgroup to ask', async () => {
  await box.ok('run', '-d', '--name', 'busy', '--network', 'none', 'busybox', 'sh', '-c', 'sleep 1000 & while :; do :; done')
  const id = await box.ok('create', '--name', 'cold', 'busybox')
  const { code, stdout, stderr } = await box.lichen('stats', '--no-stream', '--format', 'json')
  expect([code, stdout.split('\n').length]).toEqual([0, 2])
  const figures = JSON.parse(stdout) as Record<string, string>
  expect(figures).toMatchObject({ Name: 'busy', PIDs: '2', NetIO: '0B / 0B', MemUsage: expect.stringMatching(/^\d.*iB \/ .*GiB$/) })
  expect(Number.parseFloat(figures['CPUPerc']!)).toBeGreaterThan(1)
  expect(stderr).toBe('Warning: without a cgroup of their own, figures are added up over the processes: busy\n')

  const all = (
    await box.ok('stats', '-a', '--no-stream', '--no-trunc', '--format', '{{.ID}} {{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}')
  ).split('\n')
  expect(all).toHaveLength(2)
  expect(all[0]).toBe(`${id} 0.00% 0B / 0B 0B / 0B 0B / 0B 0`)
  expect(await box.lichen('stats', '--no-stream', 'none')).toEqual({ code: 1, stdout: '', stderr: 'Error: No such container: none\n' })
})

it('goes on until the container that it was told to watch is gone', async () => {
  await box.ok('run', '-d', '--name', 'watched', 'busybox', 'sleep', '1000')
  const running = box.start(['stats', 'watched'])
  await running.printed(/CONTAINER ID[\s\S]*watched[\s\S]*CONTAINER ID[\s\S]*watched/)
  await box.ok('rm', '-f', 'watched')
  expect((await running.exited).code).toBe(0)
})

it('takes one table away for the next on a terminal', async () => {
  await box.ok('run', '-d', '--name', 'shown', 'busybox', 'sleep', '1000')
  const typist = box.terminal(['stats'])
  await typist.shows('MEM USAGE / LIMIT')
  await typist.shows(/\x1b\[H[\s\S]*shown[\s\S]*\x1b\[H[\s\S]*shown/)
  typist.type('\x03')
  await typist.exited
})
