import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownCgroup, parseMounts, writableCgroup } from '../../../lib/cgroup/detect.ts'
import { inBatchJob } from '../../../lib/cgroup/place.ts'

const line = (point: string, type: string) => `30 24 0:26 / ${point} rw,nosuid - ${type} ${type} rw`

test.each([
  ['unified', [line('/sys/fs/cgroup', 'cgroup2')], { layout: 'unified', mount: '/sys/fs/cgroup' }],
  ['hybrid', [line('/sys/fs/cgroup/memory', 'cgroup'), line('/sys/fs/cgroup/unified', 'cgroup2')], { layout: 'hybrid', mount: '/sys/fs/cgroup/unified' }],
  ['v1', [line('/sys/fs/cgroup/memory', 'cgroup')], { layout: 'v1', mount: '' }],
  ['none', [line('/', 'ext4')], { layout: 'none', mount: '' }],
])('layout %s', (_, lines, expected) => expect(parseMounts(lines.join('\n'))).toEqual(expected))

test.each([
  ['0::/user.slice/x.scope\n', '/user.slice/x.scope'],
  ['4:memory:/a\n0::/\n', '/'],
  ['0::/../../init.scope\n', undefined],
  ['4:memory:/a\n', undefined],
])('own cgroup of %j', (text, expected) => expect(ownCgroup(text)).toBe(expected))

test('controllers can be enabled only where no process is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lichen-cgroup-'))
  const facts = { layout: 'unified' as const, mount: folder, own: '/', swapAccounting: true }
  const make = async (name: string, processes: string) => {
    const path = join(folder, name)
    await mkdir(path, { recursive: true })
    const files = { 'cgroup.controllers': 'cpu memory pids\n', 'cgroup.subtree_control': 'pids\n', 'cgroup.procs': processes, 'cgroup.type': 'domain\n' }
    await Promise.all(Object.entries(files).map(([file, text]) => writeFile(join(path, file), text)))
    return writableCgroup(facts, path)
  }
  expect(await make('empty', '')).toMatchObject({ available: ['cpu', 'memory', 'pids'], enabled: ['pids'], canEnable: true })
  expect(await make('busy', '17\n')).toMatchObject({ canEnable: false })
  expect(await writableCgroup(facts, join(folder, 'missing'))).toBeUndefined()
  await rm(folder, { recursive: true })
})

test('batch jobs are known by their variables', () => {
  expect(inBatchJob({})).toBe(false)
  expect(inBatchJob({ SLURM_JOB_ID: '' })).toBe(false)
  expect(inBatchJob({ SLURM_JOB_ID: '17' })).toBe(true)
  expect(inBatchJob({ PBS_JOBID: '1.host' })).toBe(true)
})
