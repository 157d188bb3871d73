import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readJson } from '../system/files.ts'
import { withLock } from '../system/lock.ts'
import { type ContainerPaths, containerPaths, containersDir, namesDir } from '../system/paths.ts'
import { mkdir, readdir, rename, rm, unlink, writeFile } from '../system/small-files.ts'
import { idOfName } from './find.ts'
import { randomName } from './random-name.ts'
import type { ContainerRecord } from './record.ts'

export const COMING = '.new-'

/** Files of a new container, by name, that stand in its folder from the first moment it is visible. */
export type InitialFiles = Record<string, string>

/**
 * Makes a container visible: folder, record and name at once, or none of them. The folder is filled under a
 * name that no listing shows; the name is taken and the folder renamed under one short lock, so a name whose
 * folder is missing is the leaving of a crash and may be taken over.
 * Throws NAME_IN_USE.
 */
export async function allocateContainer(
  context: Context,
  draft: Omit<ContainerRecord, 'name'> & { name: string | undefined },
  files: (record: ContainerRecord) => InitialFiles,
): Promise<{ record: ContainerRecord; paths: ContainerPaths }> {
  const paths = containerPaths(context.paths, draft.id)
  const hidden = `${containersDir(context.paths)}/${COMING}${draft.id}`
  // The ids of root's containers are others than root's, and must get through.
  const mode = process.geteuid?.() === 0 ? 0o711 : 0o700
  await Promise.all([mkdir(containersDir(context.paths), { recursive: true, mode }), mkdir(namesDir(context.paths), { recursive: true, mode: 0o700 })])
  const record = await withNames(context, async () => {
    const name = await freeName(context, draft.name)
    await forgetAborted(context)
    try {
      await mkdir(hidden, { mode })
      const named: ContainerRecord = { ...draft, name }
      const content = { 'container.json': JSON.stringify(named), name: draft.id, ...files(named) }
      await Promise.all(Object.entries(content).map(([file, text]) => writeFile(`${hidden}/${file}`, text, { mode: 0o600 })))
      await rename(`${hidden}/name`, `${namesDir(context.paths)}/${name}`)
      await rename(hidden, paths.dir)
      return named
    } catch (error) {
      await forgetDraft(context, draft.id)
      throw error
    }
  })
  return { record, paths }
}

/** Folders are filled under the lock that is held here: one that is there was left by a crash. */
async function forgetAborted(context: Context): Promise<void> {
  for (const name of await abortedDrafts(context)) await forgetDraft(context, name.slice(COMING.length))
}

/** Undoes a making that was cut short, its name and its run folder as well. The record stood before the name was taken. */
async function forgetDraft(context: Context, id: string): Promise<void> {
  const hidden = `${containersDir(context.paths)}/${COMING}${id}`
  const record = await readJson<ContainerRecord>(`${hidden}/container.json`).catch(() => undefined)
  if (record !== undefined) await dropName(context, record.name, id)
  await rm(containerPaths(context.paths, id).runDir, { recursive: true, force: true })
  await rm(hidden, { recursive: true, force: true })
}

const abortedDrafts = async (context: Context) => (await readdir(containersDir(context.paths)).catch(() => [])).filter((name) => name.startsWith(COMING))

/** Clears up after containers whose making was cut short. One that is just being made is waited for. */
export async function sweepAborted(context: Context): Promise<void> {
  if ((await abortedDrafts(context)).length > 0) await withNames(context, () => forgetAborted(context))
}

/** Gives the names of a container back, unless somebody else has taken them since. */
export async function releaseNames(context: Context, { name, otherName, id }: ContainerRecord): Promise<void> {
  await withNames(context, async () => {
    await dropName(context, name, id)
    if (otherName !== undefined) await dropName(context, otherName, id)
    // Of a renaming that was killed.
    await rm(`${namesDir(context.paths)}/${COMING}${id}`, { force: true })
  })
}

/** Runs `change` while no other command takes or gives back a name. Throws what `change` does. */
export const withNames = <T>(context: Context, change: () => Promise<T>): Promise<T> => withLock(namesLock(context), 'exclusive', change)

/** Under `withNames`. */
export async function dropName(context: Context, name: string, id: string): Promise<void> {
  if ((await idOfName(context, name)) === id) await unlink(`${namesDir(context.paths)}/${name}`)
}

const namesLock = (context: Context) => `${context.paths.run}/names.lock`

async function freeName(context: Context, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) {
    await requireFreeName(context, wanted)
    return wanted
  }
  for (let attempt = 0; ; attempt++) {
    const name = randomName(attempt)
    if ((await ownerOf(context, name)) === undefined) return name
  }
}

/** Under `withNames`. Throws NAME_IN_USE. */
export async function requireFreeName(context: Context, name: string): Promise<void> {
  const owner = await ownerOf(context, name)
  if (owner === undefined) return
  const message = `Conflict. The container name "/${name}" is already in use by container "${owner}".`
  throw new LichenError(`${message} You have to remove (or rename) that container to be able to reuse that name.`, {
    code: 'NAME_IN_USE',
    hint: `lichen rm ${name}`,
  })
}

/** A file whose container is gone, or bears another name, was left by a crash. */
async function ownerOf(context: Context, name: string): Promise<string | undefined> {
  const id = await idOfName(context, name)
  if (id === undefined) return undefined
  try {
    const record = await readJson<ContainerRecord>(containerPaths(context.paths, id).record)
    return record === undefined || record.name !== name ? undefined : id
  } catch {
    // Unreadable: nobody knows what it is called.
    return id
  }
}
