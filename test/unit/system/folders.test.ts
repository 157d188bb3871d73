import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataRoot } from '../../../lib/system/data-root.ts'
import { openRunRoot } from '../../../lib/system/run-root.ts'

const uid = process.geteuid?.() ?? 0
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lichen-folders-'))
  await chmod(folder, 0o755)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const places = (runtimeDir?: string) => ({ uid, system: undefined, runtimeDir, fallback: folder })
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('the runtime folder is believed if it is ours and closed', async () => {
  const runtimeDir = join(folder, 'run')
  await mkdir(runtimeDir, { mode: 0o700 })
  expect(await openRunRoot(places(runtimeDir), undefined)).toBe(`${runtimeDir}/lichen`)
  expect(await mode(`${runtimeDir}/lichen`)).toBe('700')
  expect(await openRunRoot(places(runtimeDir), 'abc')).toBe(`${runtimeDir}/lichen/r-abc`)
})

test.each(['/nonexistent', 'relative', ''])('a runtime folder %j is passed over', async (runtimeDir) => {
  expect(await openRunRoot(places(runtimeDir), undefined)).toBe(`${folder}/lichen-${uid}`)
})

test('a runtime folder that is open to others is passed over', async () => {
  const runtimeDir = join(folder, 'open')
  await mkdir(runtimeDir)
  await chmod(runtimeDir, 0o755)
  expect(await openRunRoot(places(runtimeDir), undefined)).toBe(`${folder}/lichen-${uid}`)
})

test('somebody who was in /tmp first gains nothing', async () => {
  const path = `${folder}/lichen-${uid}`
  await mkdir(join(folder, 'elsewhere'), { mode: 0o700 })
  await symlink(join(folder, 'elsewhere'), path)
  await expect(openRunRoot(places(), undefined)).rejects.toMatchObject({ code: 'RUN_DIR_UNSAFE' })
  await rm(path)
  await writeFile(path, '')
  await expect(openRunRoot(places(), undefined)).rejects.toMatchObject({ code: 'RUN_DIR_UNSAFE' })
  await rm(path)
  await mkdir(path)
  await chmod(path, 0o777)
  await expect(openRunRoot(places(), undefined)).rejects.toMatchObject({ code: 'RUN_DIR_UNSAFE' })
})

test('what a run folder says of before the reboot is forgotten', async () => {
  const path = await openRunRoot(places(), undefined)
  await mkdir(join(path, 'c/123'), { recursive: true })
  await openRunRoot(places(), undefined)
  expect(await readdir(path)).toContain('c')
  await writeFile(join(path, 'boot_id'), 'an-older-one\n')
  await openRunRoot(places(), undefined)
  expect((await readdir(path)).sort()).toEqual(['boot.lock', 'boot_id'])
  expect(await readFile(join(path, 'boot_id'), 'utf8')).toBe((await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim())
})

test('the store is closed to others, and made so if it was open', async () => {
  const path = join(folder, 'deep/store')
  const closed = uid === 0 ? '711' : '700'
  await openDataRoot(path, uid).catch((error) => expect(error.code).toBe('DATA_ROOT_CLOSED'))
  expect(await mode(path)).toBe(closed)
  await chmod(join(folder, 'deep'), 0o755)
  await mkdir(join(path, 'layers'))
  await chmod(path, 0o755)
  await openDataRoot(path, uid)
  expect(await mode(path)).toBe(closed)
})

test('a folder of something else is not made into a store', async () => {
  const path = join(folder, 'home')
  await mkdir(path)
  await chmod(path, 0o755)
  await writeFile(join(path, '.bashrc'), '')
  await expect(openDataRoot(path, uid)).rejects.toMatchObject({ code: 'DATA_ROOT_IN_USE' })
  expect(await mode(path)).toBe('755')
})

test('a run folder of another user is refused', async () => {
  await mkdir(`${folder}/lichen-${uid + 1}`, { mode: 0o700 })
  await expect(openRunRoot({ ...places(), uid: uid + 1 }, undefined)).rejects.toMatchObject({ code: 'RUN_DIR_UNSAFE' })
})

test('a store of another user is refused', async () => {
  await expect(openDataRoot(folder, uid + 1)).rejects.toMatchObject({ code: 'STORE_NOT_OURS' })
})
