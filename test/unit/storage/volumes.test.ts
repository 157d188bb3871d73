import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readVolumes } from '../../../lib/storage/list-volumes.ts'
import { discardVolume, ensureVolume, hasVolume, readVolume, volumeData, volumeDir, volumeGraves, withVolumesLock } from '../../../lib/storage/volumes.ts'
import type { Context } from '../../../lib/system/context.ts'
import { identities } from '../../helpers/spec-input.ts'

let folder: string
let context: Context
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lichen-volumes-'))
  context = { paths: { data: folder, run: folder }, config: {}, runtime: '' }
})
afterEach(() => rmSync(folder, { recursive: true }))

const make = (name: string, labels = {}) =>
  withVolumesLock(context, () => ensureVolume({ context, identity: identities.user, volume: { name, labels, anonymous: false } }))

describe('volumes', () => {
  it('are made once, and stay what they were', async () => {
    expect([await make('one', { a: '1' }), await make('one', { a: '2' })]).toEqual([true, false])
    expect(await readVolume(context, 'one')).toMatchObject({ name: 'one', labels: { a: '1' }, options: {} })
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })

  it('are made once by many at a time', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => make('one')))
    expect(made.filter(Boolean)).toHaveLength(1)
  })

  it.each(['a', '../x', '.gone-x', 'a/b', ''])('%j is no name', async (name) => expect(make(name)).rejects.toMatchObject({ code: 'BAD_VOLUME_NAME' }))

  it('keep their files where a record is broken or gone', async () => {
    await make('broken')
    writeFileSync(`${volumeDir(context, 'broken')}/volume.json`, '{"name": "brok')
    mkdirSync(volumeData(context, 'bare'), { recursive: true })
    expect((await readVolumes(context)).map(({ name, anonymous }) => [name, anonymous])).toEqual([
      ['bare', false],
      ['broken', false],
    ])
  })

  it('leave in one step, and what is left is found', async () => {
    await make('one')
    const grave = await withVolumesLock(context, () => discardVolume(context, 'one'))
    expect([await hasVolume(context, 'one'), await volumeGraves(context), await readVolumes(context)]).toEqual([false, [grave], []])
  })
})
