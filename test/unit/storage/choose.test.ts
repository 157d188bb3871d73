import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { backingOf } from '../../../lib/storage/backing.ts'
import { chooseDriver } from '../../../lib/storage/choose.ts'
import { mappedStore } from '../../helpers/mapped-store.ts'
import { requireDevice, requireTool } from '../../helpers/prerequisites.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('overlay, where the kernel mounts it; nothing is left of the trial, and it is not tried again', async () => {
  const store = await mappedStore()
  const chosen = await chooseDriver(store)
  expect(chosen).toEqual({ driver: 'overlay', reason: expect.stringMatching(/^the kernel mounts it on /) as string })
  expect(readdirSync(join(store.context.paths.data, 'tmp'))).toEqual([])
  const again = { ...store, context: { ...store.context, runtime: '/nonexistent' } }
  expect(await chooseDriver(again)).toEqual(chosen)
  // Of another kernel, or a broken record.
  writeFileSync(join(store.context.paths.run, 'storage-driver.json'), '{')
  await expect(chooseDriver(again)).rejects.toThrow()
  expect(await chooseDriver(store)).toEqual(chosen)
})

test('by twenty at once', async () => {
  const store = await mappedStore()
  const chosen = await Promise.all(Array.from({ length: 20 }, () => chooseDriver(store)))
  expect(new Set(chosen.map(({ driver }) => driver))).toEqual(new Set(['overlay']))
})

test.each(['overlay', 'fuse-overlayfs', 'vfs'] as const)('%s, where it is pinned', async (driver) => {
  if (driver === 'fuse-overlayfs') {
    requireTool('fuse-overlayfs')
    requireDevice('/dev/fuse')
  }
  const store = await mappedStore({ 'storage-driver': driver })
  expect(await chooseDriver(store)).toEqual({ driver, reason: 'it is pinned' })
})

test('a file system that overlayfs does badly on, and what it is called', () => {
  expect(backingOf('/proc')).toMatchObject({ goodForOverlay: false, name: 'file system 0x9fa0' })
  expect(existsSync('/dev/shm') && backingOf('/dev/shm')).toMatchObject({ goodForOverlay: true, name: 'tmpfs' })
})
