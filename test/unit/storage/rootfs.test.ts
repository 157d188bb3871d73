import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RootfsPlan } from '../../../lib/plan/plan.ts'
import { unshareProgram } from '../../../lib/runtime/unshare.ts'
import { prepareRootfs } from '../../../lib/storage/rootfs.ts'
import { addon } from '../../../lib/system/addon.ts'
import { hostIdentity } from '../../../lib/system/identity.ts'
import { containerPaths } from '../../../lib/system/paths.ts'
import { digest } from '../../helpers/archives.ts'
import { type LayerMember, layerTar } from '../../helpers/layer-tar.ts'
import { type MappedStore, mappedStore } from '../../helpers/mapped-store.ts'
import { requireDevice, requireTool } from '../../helpers/prerequisites.ts'

const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')

/** Bottom first: each of the lower ones loses something to those above. */
const layers: LayerMember[][] = [
  [
    { name: './', type: '5', mode: 0o755 },
    { name: 'file', content: 'lowest', uid: 5 },
    { name: 'gone', content: 'lowest' },
    { name: 'gone-folder/a/b', content: 'lowest' },
    { name: 'opaque/old', content: 'lowest' },
    { name: 'opaque/sub/old', content: 'lowest' },
    { name: 'merged', type: '5', mode: 0o700, uid: 9 },
    { name: 'merged/low', content: 'lowest', mode: 0o4755 },
    { name: 'to-file/x', content: 'lowest' },
    { name: 'to-folder', content: 'lowest' },
    { name: 'reborn/old', content: 'lowest' },
    { name: 'back', content: 'lowest' },
    { name: 'dev/console', type: '3', major: 5, minor: 1 },
    { name: 'hard-a', content: 'linked' },
    { name: 'hard-b', type: '1', link: 'hard-a' },
    { name: 'soft', type: '2', link: 'file', uid: 3 },
    { name: 'pipe', type: '6' },
    {
      name: 'cap',
      content: 'x',
      pax: { 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.note': 'kept', 'SCHILY.xattr.user.overlay.opaque': 'y' },
    },
    { name: 'big', content: Buffer.concat([Buffer.alloc(500_000), Buffer.from('end')]) },
    { name: 'sneaky', type: '5', pax: { 'SCHILY.xattr.user.overlay.opaque': 'y' } },
    { name: 'sneaky/file', content: 'seen' },
  ],
  [
    { name: './', type: '5', mode: 0o751, mtime: 5000 },
    { name: '.wh.gone' },
    { name: '.wh.gone-folder' },
    { name: 'opaque/.wh..wh..opq' },
    { name: 'opaque/new', content: 'middle' },
    { name: 'merged', type: '5', mode: 0o755, uid: 10, mtime: 1000 },
    { name: 'merged/high', content: 'middle' },
    { name: 'to-file', content: 'middle' },
    { name: 'to-folder/x', content: 'middle' },
    { name: '.wh.reborn' },
    { name: 'reborn/new', content: 'middle' },
    { name: '.wh.back' },
    { name: 'pure/sub/.wh.nothing' },
    { name: 'opaque/.wh.old' },
    { name: 'soft', type: '2', link: 'big' },
  ],
  [
    { name: 'back', content: 'top' },
    { name: 'sneaky', type: '5', pax: { 'SCHILY.xattr.user.overlay.opaque': 'y', 'SCHILY.xattr.user.fuseoverlayfs.opaque': 'y' } },
  ],
]

const expectedFiles = [
  ...[
    'back',
    'big',
    'cap',
    'dev',
    'file',
    'hard-a',
    'hard-b',
    'merged',
    'merged/high',
    'merged/low',
    'opaque',
    'opaque/new',
    'pipe',
    'pure',
    'pure/sub',
    'reborn',
    'reborn/new',
  ],
  ...['sneaky', 'sneaky/file', 'soft', 'to-file', 'to-folder', 'to-folder/x'],
]

async function withLayers(tars: LayerMember[][]) {
  const store = await mappedStore()
  const diffIds: string[] = []
  for (const tar of tars.map((members) => layerTar(members))) {
    diffIds.push(digest(tar))
    await store.unpack(tar)
  }
  const container = containerPaths(store.context.paths, 'c'.repeat(64))
  const root = process.geteuid?.() === 0
  await mkdir(container.dir, { recursive: true, mode: root ? 0o711 : 0o700 })
  const prepare = (driver: 'overlay' | 'fuse-overlayfs' | 'vfs') =>
    prepareRootfs({ context: store.context, driver, container, layers: diffIds, identity: store.identity })
  return { store, diffIds, container, prepare }
}

/** Runs a shell in the map, with the plan's root file system mounted there. */
async function inside({ context, identity, top }: MappedStore, plan: RootfsPlan, script: string): Promise<string> {
  const output = join(top, 'output')
  const fd = openSync(output, 'w')
  const places =
    'lower' in plan ? `lowerdir=${plan.lower.join(':')},upperdir=${plan.upper},workdir=${plan.work}${plan.options === '' ? '' : `,${plan.options}`}` : ''
  const mounting =
    plan.kind === 'directory'
      ? ''
      : plan.kind === 'overlay'
        ? `mount -t overlay -o userxattr,${places} overlay ${plan.merged}`
        : `${plan.program} -o ${places} ${plan.merged}`
  try {
    const env = [`PATH=${process.env['PATH']}:/usr/sbin:/sbin`]
    const args = ['sh', '-ec', `${mounting}\ncd ${plan.merged}\n${script}\n${plan.kind === 'fuse-overlayfs' ? `cd / && umount ${plan.merged}` : ''}`]
    const code = await unshareProgram({
      context,
      identity,
      args,
      env,
      fds: [
        [1, fd],
        [2, fd],
      ],
    }) // prettier-ignore
    expect(code, readFileSync(output, 'utf8')).toBe(0)
  } finally {
    closeSync(fd)
  }
  return readFileSync(output, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('unknown argument'))
    .join('\n')
}

const list = "find . -mindepth 1 -printf '%P\\n' | sort"
// Size of a folder, and how many names it has, is the driver's; what was not in any tar has the time of the unpacking.
const details =
  "find . -type d -printf '%P %y %m %U %G\\n' -o -printf '%P %y %m %U %G %s %T@ %n %l\\n' | sort; cat file back to-file merged/* | cksum; cksum big"

describe.each(['overlay', 'fuse-overlayfs', 'vfs'] as const)('driver %s', (driver) => {
  if (driver === 'fuse-overlayfs') {
    requireTool('fuse-overlayfs')
    requireDevice('/dev/fuse')
  }

  test('shows what the layers come to', async () => {
    const { store, prepare, container } = await withLayers(layers)
    expect((await inside(store, await prepare(driver), list)).trim().split('\n')).toEqual(expectedFiles)
    const other = await withLayers(layers)
    const [shown, copied] = [await inside(store, await prepare(driver), details), await inside(other.store, await other.prepare('vfs'), details)]
    expect(shown).toBe(copied)
    expect(container.merged).toContain(container.dir)
  })

  test('keeps what was written, and the times and attributes of what was not', async () => {
    const { store, prepare } = await withLayers(layers)
    const script = 'echo changed > file; rm merged/low; mkdir -p opaque/more; chown 1000:1000 opaque/more; rm -r reborn; mkdir reborn'
    await inside(store, await prepare(driver), script)
    const look = 'cat file; ls merged; stat -c "%u %g" opaque/more; ls reborn; stat -c "%a %Y" merged; getfattr --only-values -n user.note cap'
    expect(await inside(store, await prepare(driver), look)).toMatch(/^changed\nhigh\n1000 1000\n755 \d+\nkept$/)
  })

  test('an image without layers, and one that has the same layer twice', async () => {
    const empty = await withLayers([])
    expect(await inside(empty.store, await empty.prepare(driver), `${list}; touch x`)).toBe('')
    const twice = await withLayers([layers[0]!, layers[1]!, layers[0]!])
    expect(await inside(twice.store, await twice.prepare(driver), 'cat gone file back')).toBe('lowestlowestlowest')
  })

  test('a layer that hides everything below', async () => {
    const { store, prepare } = await withLayers([layers[0]!, [{ name: '.wh..wh..opq' }, { name: 'only' }]])
    expect(await inside(store, await prepare(driver), list)).toBe('only\n')
  })

  test('a layer that is gone is named', async () => {
    const { store, prepare, diffIds } = await withLayers([layers[0]!, layers[1]!])
    await rename(join(store.context.paths.data, 'layers', diffIds[1]!.slice(7)), join(store.top, 'gone'))
    await expect(prepare(driver)).rejects.toMatchObject({ code: 'LAYER_MISSING', message: expect.stringContaining(diffIds[1]!) as string })
  })
})

describe('vfs', () => {
  test('carries attributes and capabilities over, and unescapes what was escaped', async () => {
    const { prepare, container } = await withLayers(layers)
    await prepare('vfs')
    const value = (name: string) => addon.getxattr({ path: join(container.merged, 'cap'), name })
    expect([value('user.note')?.toString(), value('user.overlay.opaque')?.toString()]).toEqual(['kept', 'y'])
    expect(value('security.capability')?.subarray(4, 8)).toEqual(capability.subarray(4, 8))
    expect(statSync(join(container.merged, 'hard-a')).ino).toBe(statSync(join(container.merged, 'hard-b')).ino)
    expect(statSync(join(container.merged, 'big')).blocks * 512).toBeLessThan(100_000)
    expect([statSync(container.merged).mode & 0o777, statSync(container.merged).mtimeMs]).toEqual([0o755, expect.any(Number)])
  })

  test('a copy that was cut short is made anew, a complete one is kept', async () => {
    const { store, prepare, container } = await withLayers(layers)
    await prepare('vfs')
    await writeFile(join(store.top, 'x'), '')
    const own = await inside(store, { kind: 'directory', merged: container.merged }, 'touch mine; echo done')
    expect(own).toBe('done\n')
    await prepare('vfs')
    expect(await readdir(container.merged)).toContain('mine')
    await rm(`${container.dir}/merged-complete`)
    await prepare('vfs')
    expect(await readdir(container.merged)).not.toContain('mine')
  })
})

test('the root folder of a container is that of its topmost layer', async () => {
  const { prepare, container } = await withLayers(layers.slice(0, 2))
  await prepare('overlay')
  expect(statSync(container.upper).mode & 0o7777).toBe(0o751)
})

test("another map than the store's is fuse-overlayfs' business, and needs the user in it", async () => {
  if (process.geteuid?.() === 0) return // root's containers never have the user's own id
  const { store, diffIds, container } = await withLayers(layers)
  const input = { context: store.context, container, layers: diffIds, storeIdentity: store.identity }
  const keepId = await hostIdentity(store.context, 'keep-id')
  const plan = await prepareRootfs({ ...input, driver: 'fuse-overlayfs', identity: keepId })
  expect(await inside({ ...store, identity: keepId }, plan, 'stat -c "%n %u" file merged back; touch new; stat -c %u new')).toBe(
    'file 5\nmerged 10\nback 0\n0\n',
  )
  await expect(prepareRootfs({ ...input, driver: 'overlay', identity: keepId })).rejects.toMatchObject({ code: 'USERNS_UNSUPPORTED' })
  const nomap = await hostIdentity(store.context, 'nomap')
  await expect(prepareRootfs({ ...input, driver: 'fuse-overlayfs', identity: nomap })).rejects.toMatchObject({ code: 'USERNS_UNSUPPORTED' })
})
