// Makes first inputs for the targets that read records, in the launcher's own encoding: needed again where the protocol changes.
//   bun hack/fuzz/seeds.ts FOLDER      writes FOLDER/plan/* and FOLDER/apply/*
import { mkdirSync, writeFileSync } from 'node:fs'
import { type ApplyEntry, ApplyRecords } from '../../lib/image/apply-records.ts'
import { planTag, verb } from '../../lib/runtime/protocol.ts'
import { b, encodeRecord, type Field, s, u } from '../../lib/runtime/wire.ts'

const [folder = 'seeds'] = process.argv.slice(2)

function write(target: string, name: string, bytes: Buffer): void {
  mkdirSync(`${folder}/${target}`, { recursive: true })
  writeFileSync(`${folder}/${target}/${name}`, bytes)
}

/** Every record with every shape that some record has: those that fit are kept by their coverage. */
const shapes = ['', 'u', 's', 'uu', 'us', 'ss', 'sb', 'b', 'bu', 'uuu', 'ssss', 'ussss', 'uuuuu', 'usuub', 'usssuuu', 'suuuuuub']
const fields: Readonly<Record<string, Field>> = { u: u(1), s: s('/a'), b: b(Buffer.alloc(8)) }
const first = encodeRecord(planTag.VERB, [u(verb.run)])
const mount = encodeRecord(
  planTag.MOUNT,
  [...'usssuuu'].map((kind) => fields[kind]!),
)
for (const [name, tag] of Object.entries(planTag)) {
  for (const shape of shapes) {
    const record = encodeRecord(
      tag,
      [...shape].map((kind) => fields[kind]!),
    )
    write('plan', `${name}-${shape}`, Buffer.concat([first, mount, record, record]))
  }
}

const plain = { link: '', mode: 0o755, uid: 0, gid: 0, mtime: { seconds: 1, nanoseconds: 2 }, size: 0, major: 0, minor: 0 }

async function layer(name: string, entries: (Partial<ApplyEntry> & Pick<ApplyEntry, 'type' | 'path'> & { xattr?: string })[]) {
  const parts: Uint8Array[] = []
  const unused = () => Promise.reject(new Error('nothing is applied'))
  const records = new ApplyRecords({ write: async (more) => void parts.push(...more.map((part) => Buffer.from(part))), finish: unused, abandon: unused })
  for (const { xattr, ...entry } of entries) {
    if (xattr !== undefined) records.xattr(xattr, Buffer.from('value'))
    records.entry({ ...plain, ...entry })
    if (entry.type === 'file') {
      records.data(Buffer.alloc(entry.size ?? 0, 'x'))
      records.endContent()
    }
  }
  records.end()
  await records.flush(true)
  write('apply', name, Buffer.concat(parts))
}

await layer('tree', [
  { type: 'directory', path: '' },
  { type: 'directory', path: 'a', uid: 1, gid: 2, mode: 0o2755 },
  { type: 'file', path: 'a/file', size: 11, xattr: 'user.a', mode: 0o6755, uid: 3 },
  { type: 'hardlink', path: 'a/link', link: 'a/file' },
  { type: 'symlink', path: 'b', link: 'a' },
  { type: 'file', path: 'b/c/file', size: 3 },
  { type: 'fifo', path: 'fifo' },
  { type: 'char', path: 'dev/null', major: 1, minor: 3 },
  { type: 'block', path: 'disk', major: 8, minor: 1 },
  { type: 'char', path: 'a/gone' },
])
await layer('whiteouts', [
  { type: 'directory', path: 'a' },
  { type: 'whiteout', path: 'a/b' },
  { type: 'file', path: 'a/b/c', size: 0 },
  { type: 'opaque', path: 'a' },
  { type: 'whiteout', path: 'a' },
  { type: 'file', path: 'a', size: 1 },
  { type: 'directory', path: 'a' },
  { type: 'opaque', path: 'c' },
])
await layer('out-absolute', [
  { type: 'symlink', path: 'a', link: '/victim' },
  { type: 'file', path: 'a/secret', size: 2 },
  { type: 'directory', path: 'a/made' },
  { type: 'directory', path: 'a', mode: 0o777, xattr: 'user.a' },
  { type: 'hardlink', path: 'b', link: 'a/secret' },
  { type: 'whiteout', path: 'a/secret' },
])
await layer('out-in-place', [
  { type: 'symlink', path: 'a', link: '/victim' },
  { type: 'directory', path: 'a', mode: 0o777, uid: 1 },
  { type: 'symlink', path: 'b', link: '/victim/secret' },
  { type: 'file', path: 'b', size: 5 },
  { type: 'symlink', path: 'c', link: '/victim' },
  { type: 'opaque', path: 'c' },
  { type: 'symlink', path: 'd', link: '../victim/secret' },
  { type: 'hardlink', path: 'e', link: 'd' },
])
await layer('out-relative', [
  { type: 'symlink', path: 'a', link: '../victim' },
  { type: 'hardlink', path: 'b', link: 'a/secret' },
  { type: 'fifo', path: 'a/fifo' },
  { type: 'symlink', path: 'a/link', link: 'secret' },
  { type: 'opaque', path: 'a' },
  { type: 'directory', path: 'a/b', uid: 1, mode: 0o777 },
])
await layer('replaced', [
  { type: 'file', path: 'a', size: 4096, xattr: 'user.overlay.opaque' },
  { type: 'symlink', path: 'a', link: 'b' },
  { type: 'directory', path: 'a', xattr: 'security.capability' },
  { type: 'file', path: 'a/b', size: 9, mode: 0 },
  { type: 'file', path: 'a', size: 1, uid: 70000 },
])
