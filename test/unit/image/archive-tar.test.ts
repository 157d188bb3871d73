import { open, readdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Archive } from '../../../lib/image/archive.ts'
import { archivePath } from '../../../lib/image/archive.ts'
import { spoolTar } from '../../../lib/image/archive-spool.ts'
import { openTarFile } from '../../../lib/image/archive-tar.ts'
import { blobSize } from '../../../lib/image/blobs.ts'
import { temporaryDir } from '../../../lib/system/paths.ts'
import { collected, digest, emptyStore, hex, inPieces, type TarMember, tar } from '../../helpers/archives.ts'

type Opened = Pick<Archive, 'find'> & { close(): Promise<void> }

/** The two ways to read a tar: by offset, and once from front to end. */
async function both(bytes: Buffer, check: (archive: Opened) => Promise<unknown>): Promise<void> {
  const context = await emptyStore()
  const path = `${context.paths.data}/archive.tar`
  await writeFile(path, bytes)
  const file = await open(path)
  try {
    await check({ ...(await openTarFile(file.fd, 0, bytes.length)), close: async () => {} })
  } finally {
    await file.close()
  }
  const spooled = await spoolTar(context, inPieces(bytes))
  try {
    await check(spooled)
  } finally {
    await spooled.close()
  }
  expect(await readdir(temporaryDir(context.paths))).toEqual([])
}

/** It fails in the same way, and leaves nothing. */
async function bothFail(bytes: Buffer, code: string): Promise<void> {
  const context = await emptyStore()
  const path = `${context.paths.data}/archive.tar`
  await writeFile(path, bytes)
  const file = await open(path)
  await expect(openTarFile(file.fd, 0, bytes.length)).rejects.toMatchObject({ code })
  await file.close()
  await expect(spoolTar(context, inPieces(bytes))).rejects.toMatchObject({ code })
  expect(await readdir(temporaryDir(context.paths))).toEqual([])
}

const text = async (archive: Opened, path: string) => {
  const file = await archive.find(path)
  return file === undefined ? undefined : (await collected(file.stream())).toString()
}

test('files are found by their path, however it is written, and the later of two counts', async () => {
  const members: TarMember[] = [
    { path: './a/', type: '5' },
    { path: './a/b.json', content: 'old' },
    { path: 'c', content: 'x'.repeat(700) },
    { path: 'a/b.json', content: 'new' },
  ]
  await both(tar(members), async (archive) => {
    expect(await text(archive, 'a/b.json')).toBe('new')
    expect(await text(archive, './a//b.json')).toBe('new')
    expect(await text(archive, 'c')).toBe('x'.repeat(700))
    expect(await (await archive.find('c'))!.digest()).toBe(digest('x'.repeat(700)))
    expect(await text(archive, 'a')).toBeUndefined()
    expect(await text(archive, 'd')).toBeUndefined()
  })
})

test('large files are put aside and become blobs without a copy', async () => {
  const context = await emptyStore()
  const large = Buffer.alloc(3_000_000, 'lichen')
  const archive = await spoolTar(context, inPieces(tar([{ path: 'layer.tar', content: large }]), 65536))
  const file = (await archive.find('layer.tar'))!
  expect(await file.digest()).toBe(digest(large))
  await file.adopt!()
  await file.adopt!()
  expect(hex(await collected(file.stream()))).toBe(hex(large))
  await archive.close()
  expect(await blobSize(context, digest(large))).toBe(large.length)
})

test('symlinks and hard links are followed within the archive', async () => {
  const members: TarMember[] = [
    { path: 'one/layer.tar', type: '2', link: '../two/layer.tar' },
    { path: 'two/layer.tar', content: 'content' },
    { path: 'three', type: '1', link: 'one/layer.tar' },
    { path: 'absolute', type: '2', link: '/two/layer.tar' },
    { path: 'loop', type: '2', link: 'pool' },
    { path: 'pool', type: '2', link: 'loop' },
    { path: 'nowhere', type: '2', link: 'gone' },
  ]
  await both(tar(members), async (archive) => {
    for (const path of ['one/layer.tar', 'three', 'absolute']) expect(await text(archive, path)).toBe('content')
    expect(await text(archive, 'nowhere')).toBeUndefined()
    await expect(archive.find('loop')).rejects.toMatchObject({ code: 'BAD_ARCHIVE' })
  })
})

test('paths and links that lead out are refused', async () => {
  await bothFail(tar([{ path: '../../etc/passwd', content: 'x' }]), 'BAD_ARCHIVE')
  await bothFail(tar([{ path: 'a', type: '2', link: '../../etc/passwd' }]), 'BAD_ARCHIVE')
  await bothFail(tar([{ path: 'a', type: '1', link: '../etc/passwd' }]), 'BAD_ARCHIVE')
  expect(archivePath('/a/./b/../c')).toBe('a/c')
})

test('long names of GNU and PAX are read, sizes of PAX believed', async () => {
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`
  const record = (key: string, value: string) => {
    const body = ` ${key}=${value}\n`
    const length = [2, 3].map((digits) => digits + body.length).find((sum) => String(sum).length === sum - body.length)!
    return `${length}${body}`
  }
  await both(
    tar([
      { path: '././@LongLink', type: 'L', content: `${long}\0` },
      { path: 'short', content: 'gnu' },
      { path: 'pax', type: 'x', content: record('path', `${long}x`) + record('comment', 'y') },
      { path: 'short', content: 'pax' },
      { path: 'plain', content: 'plain' },
    ]),
    async (archive) => {
      expect(await text(archive, long)).toBe('gnu')
      expect(await text(archive, `${long}x`)).toBe('pax')
      expect(await text(archive, 'plain')).toBe('plain')
    },
  )
})

test('what is no tar, or cut short, or damaged, is told', async () => {
  await bothFail(Buffer.alloc(0), 'NOT_AN_ARCHIVE')
  await bothFail(Buffer.from('#!/bin/sh\n'), 'NOT_AN_ARCHIVE')
  await bothFail(Buffer.alloc(4096, 'x'), 'NOT_AN_ARCHIVE')
  const whole = tar([
    { path: 'a', content: 'x'.repeat(5000) },
    { path: 'b', content: 'y'.repeat(5000) },
  ])
  await bothFail(whole.subarray(0, 3000), 'TRUNCATED_ARCHIVE')
  await bothFail(whole.subarray(0, 6000), 'TRUNCATED_ARCHIVE')
  const damaged = Buffer.from(whole)
  damaged.fill(0xff, 5632, 5700)
  await bothFail(damaged, 'DAMAGED_ARCHIVE')
})

test('an archive that lacks its empty blocks ends all the same', async () => {
  await both(tar([{ path: 'a', content: 'b' }], { end: false }), async (archive) => expect(await text(archive, 'a')).toBe('b'))
})

test('a root file system is told from an image before it is read', async () => {
  await bothFail(
    tar([
      { path: './bin', type: '2', link: 'usr/bin' },
      { path: './dev/null', type: '3' },
    ]),
    'NOT_AN_ARCHIVE',
  )
  await bothFail(tar([{ path: 'dev/null', type: '3' }]), 'BAD_ARCHIVE')
})
