import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changeLimits } from '../../../lib/cgroup/change.ts'
import type { CgroupFacts } from '../../../lib/cgroup/detect.ts'
import { noLimits } from '../../../lib/plan/plain-options.ts'

const facts: CgroupFacts = { layout: 'unified', mount: '/sys/fs/cgroup', own: '/', swapAccounting: true }
const M = 1024 * 1024

let parent: string
let cgroup: string
/** Plain files in the place of the kernel's. */
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lichen-change-'))
  cgroup = join(parent, 'box')
  mkdirSync(cgroup)
  const write = (path: string, text: string) => writeFileSync(join(parent, path), text)
  write('cgroup.controllers', 'memory cpu pids\n')
  write('cgroup.subtree_control', '')
  write('box/cgroup.controllers', 'memory pids\n')
  write('box/memory.max', `${64 * M}\n`)
  write('box/memory.swap.max', `${64 * M}\n`)
  write('box/pids.max', '2048\n')
})
afterEach(() => rmSync(parent, { recursive: true }))

const read = (file: string) => readFileSync(join(cgroup, file), 'utf8').trim()
const before = { ...noLimits, memory: 64 * M }

test('only what differs is written, and can be taken back', async () => {
  writeFileSync(join(cgroup, 'memory.swap.max'), 'untouched')
  const takeBack = await changeLimits(cgroup, { ...before, memorySwap: 64 * M }, { ...before, memory: 32 * M, memorySwap: 32 * M, pidsLimit: 4096 }, facts)
  expect(['memory.max', 'memory.swap.max', 'pids.max'].map(read)).toEqual([String(32 * M), 'untouched', '4096'])
  await takeBack()
  expect(['memory.max', 'pids.max'].map(read)).toEqual([String(64 * M), '2048'])
})

test('one that is refused takes back those before it', async () => {
  // No file that could be written.
  rmSync(join(cgroup, 'pids.max'))
  mkdirSync(join(cgroup, 'pids.max'))
  await expect(changeLimits(cgroup, before, { ...before, memory: 32 * M, pidsLimit: 4096 }, facts)).rejects.toThrow(
    expect.objectContaining({ code: 'BAD_LIMIT' }),
  )
  expect(['memory.max', 'memory.swap.max'].map(read)).toEqual([String(64 * M), String(64 * M)])
})

test('a controller that the cgroup lacks is enabled above it', async () => {
  writeFileSync(join(cgroup, 'cpu.max'), 'max 100000')
  await changeLimits(cgroup, before, { ...before, cpus: 0.5 }, facts)
  expect(readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu')
  expect(read('cpu.max')).toBe('50000 100000')
})

test('one that nobody has is an error before anything is written', async () => {
  const wanted = { ...before, memory: 32 * M, cpusetCpus: '0' }
  await expect(changeLimits(cgroup, before, wanted, facts)).rejects.toThrow(/controller cpuset is not delegated/)
  expect(read('memory.max')).toBe(String(64 * M))
})

test('"no limit" of a controller that the cgroup lacks is what it has', async () => {
  rmSync(join(cgroup, 'pids.max'))
  await changeLimits(cgroup, before, { ...before, pidsLimit: -1 }, facts)
})

test.each<[Partial<CgroupFacts>, string, RegExp]>([
  [{ layout: 'hybrid' }, '/x', /need cgroup version 2 alone/],
  [{}, '', /no cgroup is delegated to you/],
])('%o with the cgroup %j says what is missing', async (more, path, message) => {
  await expect(changeLimits(path, noLimits, before, { ...facts, ...more })).rejects.toThrow(message)
  await changeLimits(path, before, before, { ...facts, ...more })
})
