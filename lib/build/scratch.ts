import { chmod, mkdir, readdir } from 'node:fs/promises'
import type { Context } from '../system/context.ts'
import { buildSessionsDir } from '../system/paths.ts'

/** Where builds keep what comes from elsewhere while they run, a folder for each session. */
const scratchDir = (context: Context) => `${context.paths.data}/build/scratch`

export const sessionScratch = (context: Context, session: string) => `${scratchDir(context)}/${session}`

let count = 0

/** A new folder, empty, which goes with the session. */
export async function newScratch(context: Context, session: string): Promise<string> {
  const path = `${sessionScratch(context, session)}/${++count}`
  await mkdir(sessionScratch(context, session), { recursive: true, mode: 0o700 })
  await mkdir(path)
  // It may become a directory of an image.
  await chmod(path, 0o755)
  return path
}

/** Of sessions that are no more: [path, its lock]. */
export async function listScratch(context: Context): Promise<{ path: string; lock: string }[]> {
  const names = await readdir(scratchDir(context)).catch(() => [])
  return names.map((name) => ({ path: sessionScratch(context, name), lock: `${buildSessionsDir(context.paths)}/${name}` }))
}
