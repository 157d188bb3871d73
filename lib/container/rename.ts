import { rename as moveFile, unlink, writeFile } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { writeFileAtomic } from '../system/files.ts'
import { type ContainerPaths, namesDir } from '../system/paths.ts'
import { COMING, dropName, requireFreeName, withNames } from './allocate.ts'
import type { ContainerRecord } from './record.ts'

/**
 * Gives a container another name. What decides is the record: the file of a name says where to look, and counts only where the
 * record agrees. So the change is one rename, that of the record; the name on the other side of it is in the record as well, for
 * whoever has to clear up after a crash. Call it under `exclusively`. Throws NAME_IN_USE, SAME_NAME.
 */
export async function renameContainer(context: Context, paths: ContainerPaths, record: ContainerRecord, name: string): Promise<void> {
  const { id, name: before } = record
  if (name === before) throw new LichenError('Renaming a container with the same name as its current name', { code: 'SAME_NAME', exitCode: 1 })
  const write = (names: { name: string; otherName: string | undefined }) => writeFileAtomic(paths.record, JSON.stringify({ ...record, ...names }))
  await withNames(context, async () => {
    await requireFreeName(context, name)
    if (record.otherName !== undefined && record.otherName !== name) await dropName(context, record.otherName, id)
    await write({ name: before, otherName: name })
    await takeName(context, name, id)
    await write({ name, otherName: before })
    await dropName(context, before, id)
    await write({ name, otherName: undefined })
  })
}

/** Over what a crash may have left there: nobody reads half of a name's file. */
async function takeName(context: Context, name: string, id: string): Promise<void> {
  const coming = `${namesDir(context.paths)}/${COMING}${id}`
  try {
    await writeFile(coming, id, { mode: 0o600 })
    await moveFile(coming, `${namesDir(context.paths)}/${name}`)
  } catch (error) {
    await unlink(coming).catch(() => undefined)
    throw error
  }
}
