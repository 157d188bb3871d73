import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../../lib/system/config.ts'
import { readJson, writeFileAtomic } from '../../../lib/system/files.ts'
import { withLock, withPassingLock } from '../../../lib/system/lock.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lichen-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a file is replaced as a whole and leaves nothing beside it', async () => {
  const path = join(folder, 'record.json')
  await writeFileAtomic(path, 'old')
  await writeFileAtomic(path, 'new', { fsync: true, mode: 0o640 })
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o777).toBe(0o640)
  await expect(writeFileAtomic(`${folder}/missing/x`, '')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await readdir(folder)).toEqual(['record.json'])
})

test('JSON: missing is undefined, broken is an error with the path', async () => {
  const path = join(folder, 'broken.json')
  expect(await readJson(join(folder, 'nope.json'))).toBeUndefined()
  await writeFile(path, '{"a":')
  await expect(readJson(path)).rejects.toMatchObject({ code: 'BROKEN_JSON', message: expect.stringContaining(path) })
})

test('configuration: unknown keys are borne, wrong types are not', async () => {
  const path = join(folder, 'config.json')
  await writeFile(path, '{"storage-driver": "vfs", "live-restore": true, "bip": 5}')
  expect(await loadConfig(path)).toMatchObject({ 'storage-driver': 'vfs' })
  for (const text of ['[]', '{"storage-driver": "zfs"}', '{"dns": "1.1.1.1"}', '{"data-root": "relative"}']) {
    await writeFile(path, text)
    await expect(loadConfig(path)).rejects.toMatchObject({ code: 'BAD_CONFIG' })
  }
})

test('a lock lets in one at a time, and is free after a failure', async () => {
  const path = join(folder, 'lock')
  let inside = 0
  let most = 0
  const work = () =>
    withLock(path, 'exclusive', async () => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 2))
      inside -= 1
    })
  await expect(withLock(path, 'exclusive', () => Promise.reject(new Error('x')))).rejects.toThrow('x')
  await Promise.all(Array.from({ length: 20 }, work))
  expect(most).toBe(1)
  await Promise.all([1, 2].map(() => withLock(path, 'shared', () => new Promise((resolve) => setTimeout(resolve, 5)))))
})

test('a passing lock lets in one at a time, leaves no file, and is free after a failure', async () => {
  const path = join(folder, 'passing')
  let inside = 0
  let most = 0
  const work = () =>
    withPassingLock(path, async () => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 2))
      inside -= 1
    })
  await expect(withPassingLock(path, () => Promise.reject(new Error('x')))).rejects.toThrow('x')
  await Promise.all(Array.from({ length: 20 }, work))
  expect(most).toBe(1)
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
})
