import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addon } from '../../lib/system/addon.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()

const NOTES = ['opaque', 'origin', 'impure', 'nlink', 'redirect', 'metacopy', 'upper', 'uuid']

/** All that a driver reads of a layer, an entry a line. */
function listing(folder: string): string[] {
  const names = ['.', ...(readdirSync(folder, { recursive: true }) as string[]).sort()]
  return names.map((name) => {
    const path = join(folder, name)
    const status = lstatSync(path)
    const size = status.isFile() ? status.size : 0
    const notes = NOTES.flatMap((note) => {
      const value = addon.getxattr({ path, name: `user.overlay.${note}` })
      return value === undefined ? [] : [`${note}=${value.toString('hex')}`]
    })
    const link = status.isSymbolicLink() ? readlinkSync(path) : ''
    // The layer's own folder is made when it is unpacked.
    const time = name === '.' ? 0 : Math.floor(status.mtimeMs / 1000)
    // Marks have neither owner nor time, and share their inode.
    if (status.isCharacterDevice() && status.rdev === 0) return `${name} gone`
    return [name, status.mode.toString(8), status.uid, status.gid, status.nlink, size, time, link, ...notes].join(' ')
  })
}

const layers = (root: string) =>
  Object.fromEntries(
    readdirSync(join(root, 'layers'))
      .sort()
      .map((name) => [name, listing(join(root, 'layers', name, 'diff'))]),
  )

test('what a step has written becomes the same layer that comes of its tar', async () => {
  const context = join(box.files, 'context')
  const other = join(box.files, 'other')
  for (const path of [context, other]) {
    mkdirSync(path)
    box.give(path)
  }
  writeFileSync(join(context, 'file'), 'x')
  writeFileSync(
    join(context, 'Dockerfile'),
    [
      'FROM busybox',
      'RUN mkdir -p /d/e /d/f /g/h && echo 1 > /d/e/one && echo 2 > /d/two && ln /d/two /d/three && touch /gone /d/f/x /d/f/y /g/h/z',
      // Removed, replaced, changed, made new beside; and what was gone before the step ended.
      'RUN rm /gone /d/f/x && rm -r /d/e && mkdir /d/e && echo 3 > /d/e/new && chmod 4711 /d/three && mkdir -p /n/m && ln -s ../x /n/m/l && mkfifo /n/p && touch /t && rm /t && rm -r /g/h && touch /g/h',
      'RUN mkdir /own && chown 12:34 /own && touch -d 2001-02-03 /own/old /n && rm -r /n/m && mkdir -p /n/m/o',
      // Places for mounts, in folders that are there and in some that are not.
      'RUN --mount=type=cache,target=/c/a/c --mount=type=tmpfs,target=/d/f/t --mount=type=bind,source=file,target=/new/file true',
      'COPY file /d/f/',
      '',
    ].join('\n'),
  )
  const id = await box.ok('build', '-q', context)
  expect(await box.ok('info', '--format', '{{.Driver}}')).toBe('overlay')
  await box.ok('save', '-o', 'image.tar', id)
  await box.ok('--root', other, 'load', '-q', '-i', 'image.tar')
  const made = layers(box.data)
  expect(Object.keys(made)).toHaveLength(6)
  expect(made).toEqual(layers(other))
  await box.ok('--root', other, 'rmi', '-f', id)
  for (const path of [context, other]) rmSync(path, { recursive: true, force: true })
})
