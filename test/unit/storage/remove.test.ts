import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeTree } from '../../../lib/storage/remove.ts'
import { layerTar } from '../../helpers/layer-tar.ts'
import { type MappedStore, mappedStore } from '../../helpers/mapped-store.ts'
import { must } from '../../helpers/run.ts'

const tree = (store: MappedStore, name = 'tree') => {
  const path = join(store.top, name)
  mkdirSync(path)
  return path
}
const remove = ({ context, identity }: MappedStore, path: string) => removeTree({ context, identity, path })

/** So that a process of the runtime would be noticed. */
const withoutRuntime = (store: MappedStore): MappedStore => ({ ...store, context: { ...store.context, runtime: '/nonexistent' } })

test("what a container that wrote nothing leaves costs no process, even overlayfs' closed folder", async () => {
  const store = await mappedStore()
  const path = tree(store)
  for (const name of ['upper', 'work', 'merged', 'work/work']) mkdirSync(join(path, name))
  writeFileSync(join(path, 'container.json'), '{}')
  chmodSync(join(path, 'work/work'), 0)
  await remove(withoutRuntime(store), path)
  expect(existsSync(path)).toBe(false)
})

test('what is not there is removed', async () => {
  const store = await mappedStore()
  await remove(withoutRuntime(store), join(store.top, 'nothing'))
  await remove(withoutRuntime(store), join(store.top, 'nothing/at/all'))
})

test('files of other ids, and folders that nobody may look into', async () => {
  const store = await mappedStore()
  const layer = await store.unpack(
    layerTar([
      { name: 'theirs', type: '5', uid: 1000, gid: 1000, mode: 0 },
      { name: 'theirs/deep', type: '5', uid: 1001, mode: 0o700 },
      { name: 'theirs/deep/file', uid: 1002 },
      { name: 'own', type: '5', mode: 0 },
      { name: 'own/file' },
    ]),
  )
  await remove(store, layer)
  expect(existsSync(layer)).toBe(false)
})

test('a link is removed, not what it points to', async () => {
  const store = await mappedStore()
  const path = tree(store)
  const other = tree(store, 'other')
  writeFileSync(join(other, 'file'), '')
  await must('ln', ['-s', other, join(path, 'link')])
  await remove(store, join(path, 'link'))
  await must('ln', ['-s', other, join(path, 'link')])
  // More than is removed without a process.
  await must('sh', ['-c', 'mkdir d && cd d && seq 300 | xargs touch'], { cwd: path })
  await remove(store, path)
  expect([existsSync(path), readdirSync(other)]).toEqual([false, ['file']])
})

test('deeper than any path may be long', async () => {
  const store = await mappedStore()
  const path = tree(store)
  const script =
    'import os,sys\nos.chdir(sys.argv[1])\nfor i in range(2500):\n  os.mkdir("d" * 200)\n  os.chdir("d" * 200)\n  i % 100 or open("f", "w").close()\n'
  await must('python3', ['-c', script, path])
  await remove(store, path)
  expect(existsSync(path)).toBe(false)
})

test('a folder of many files, by several at once', async () => {
  const store = await mappedStore()
  const path = tree(store)
  await must('sh', ['-c', 'for d in 1 2 3 4 5 6 7 8; do mkdir -p $d/a/b && (cd $d && seq 700 | xargs touch && cd a/b && seq 200 | xargs mkdir); done'], {
    cwd: path,
  })
  await Promise.all([1, 2, 3, 4].map(() => remove(store, path)))
  expect(existsSync(path)).toBe(false)
})
