import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allocateContainer } from '../../../lib/container/allocate.ts'
import { discardContainer } from '../../../lib/container/discard.ts'
import { findContainer } from '../../../lib/container/find.ts'
import type { ContainerRecord } from '../../../lib/container/record.ts'
import { renameContainer } from '../../../lib/container/rename.ts'
import type { ContainerView } from '../../../lib/container/view.ts'
import type { Context } from '../../../lib/system/context.ts'
import { namesDir } from '../../../lib/system/paths.ts'

let folder: string
let context: Context
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lichen-rename-'))
  context = { paths: { data: join(folder, 'data'), run: join(folder, 'run') }, config: {}, runtime: '' }
  mkdirSync(context.paths.run)
})
afterEach(() => rmSync(folder, { recursive: true }))

async function make(name: string, digit: string): Promise<ContainerView> {
  const draft = { version: 1, id: digit.repeat(64), name, created: '2024-05-01T12:00:00Z', options: {}, image: { config: {} }, mounts: [], ports: [] }
  const { record, paths } = await allocateContainer(context, draft as unknown as ContainerRecord, () => ({}))
  return { record, paths, status: 'created', live: undefined, exit: undefined }
}

const names = () => readdirSync(namesDir(context.paths)).sort()
const recorded = ({ paths }: ContainerView) => JSON.parse(readFileSync(paths.record, 'utf8')) as ContainerRecord
const notFound = expect.objectContaining({ code: 'CONTAINER_NOT_FOUND' })
const inUse = expect.objectContaining({ code: 'NAME_IN_USE' })

describe('rename', () => {
  it('moves name and record together', async () => {
    const view = await make('old', 'a')
    await renameContainer(context, view.paths, view.record, 'new')
    expect(names()).toEqual(['new'])
    expect(recorded(view)).toEqual({ ...view.record, name: 'new' })
    expect((await findContainer(context, 'new')).record.id).toBe(view.record.id)
    await expect(findContainer(context, 'old')).rejects.toThrow(notFound)
    await make('old', 'b')
  })

  it('refuses its own name and that of another', async () => {
    const view = await make('old', 'a')
    await make('other', 'b')
    await expect(renameContainer(context, view.paths, view.record, 'old')).rejects.toThrow(expect.objectContaining({ code: 'SAME_NAME', exitCode: 1 }))
    await expect(renameContainer(context, view.paths, view.record, 'other')).rejects.toThrow(inUse)
    expect([names(), recorded(view)]).toEqual([['old', 'other'], view.record])
  })

  it('gives a name to one of many who want it', async () => {
    const views = await Promise.all(['a', 'b', 'c', 'd'].map((digit) => make(`box-${digit}`, digit)))
    const results = await Promise.allSettled(views.map((view) => renameContainer(context, view.paths, view.record, 'wanted')))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(names().filter((name) => name === 'wanted')).toHaveLength(1)
    expect(names()).toHaveLength(4)
  })
})

/** What a rename from "old" to "new" leaves behind that is killed after each of its steps. */
const killed = [
  { after: 'the intent', record: { name: 'old', otherName: 'new' }, files: ['old'] },
  { after: 'a name half written', record: { name: 'old', otherName: 'new' }, files: ['old', `.new-${'a'.repeat(64)}`] },
  { after: 'taking the name', record: { name: 'old', otherName: 'new' }, files: ['old', 'new'] },
  { after: 'the record', record: { name: 'new', otherName: 'old' }, files: ['old', 'new'] },
  { after: 'giving the name back', record: { name: 'new', otherName: 'old' }, files: ['new'] },
]

describe.each(killed)('a rename that was killed after $after', ({ record: names_, files }) => {
  let view: ContainerView
  beforeEach(async () => {
    const made = await make('old', 'a')
    view = { ...made, record: { ...made.record, ...names_ } }
    writeFileSync(view.paths.record, JSON.stringify(view.record))
    rmSync(`${namesDir(context.paths)}/old`)
    for (const name of files) writeFileSync(`${namesDir(context.paths)}/${name}`, view.record.id)
  })

  it('leaves one name that finds the container, and the other free', async () => {
    expect((await findContainer(context, names_.name)).record.id).toBe(view.record.id)
    await expect(findContainer(context, names_.otherName)).rejects.toThrow(notFound)
    await expect(make(names_.name, 'b')).rejects.toThrow(inUse)
    const other = await make(names_.otherName, 'b')
    await discardContainer(context, view, false)
    expect((await findContainer(context, names_.otherName)).record.id).toBe(other.record.id)
    expect(names()).toEqual([names_.otherName])
  })

  it('leaves no name behind when the container is removed', async () => {
    await discardContainer(context, view, false)
    expect(names()).toEqual([])
  })

  it.each(['third', names_.otherName])('can be followed by another, to %s', async (name) => {
    await renameContainer(context, view.paths, view.record, name)
    expect(names().filter((file) => !file.startsWith('.'))).toEqual([name])
    expect(recorded(view)).toEqual({ ...view.record, name, otherName: undefined })
  })
})
