import { randomBytes } from 'node:crypto'
import { chown, mkdir, rename, writeFile } from 'node:fs/promises'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { temporaryDir, volumesDir } from '../system/paths.ts'

/** Where a named volume keeps its files. */
export const volumeData = (context: Context, name: string) => `${volumesDir(context.paths)}/${name}/_data`

export const anonymousVolumeName = () => randomBytes(32).toString('hex')

/**
 * Makes the volume unless it is there; returns the path of its data. Two who make it at once make one: the
 * folder is filled aside and renamed.
 */
export async function ensureVolume(input: {
  context: Context
  identity: Identity
  name: string
  anonymous: boolean
  labels?: Record<string, string>
}): Promise<string> {
  const { context, identity, name, anonymous, labels = {} } = input
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new LichenError(
      `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
      { code: 'BAD_VOLUME_NAME', hint: 'for a host directory use an absolute path' },
    )
  }
  const final = `${volumesDir(context.paths)}/${name}`
  const draft = `${temporaryDir(context.paths)}/volume-${randomBytes(8).toString('hex')}`
  await mkdir(volumesDir(context.paths), { recursive: true, mode: directoryMode() })
  await mkdir(`${draft}/_data`, { recursive: true, mode: 0o755 })
  if (process.geteuid?.() === 0) await giveToMappedRoot(`${draft}/_data`, identity)
  await writeFile(`${draft}/volume.json`, JSON.stringify({ name, anonymous, labels, created: new Date().toISOString() }), { mode: 0o600 })
  try {
    await rename(draft, final)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const { rm } = await import('node:fs/promises')
    await rm(draft, { recursive: true, force: true })
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
  return volumeData(context, name)
}

const directoryMode = () => (process.geteuid?.() === 0 ? 0o711 : 0o700)

async function giveToMappedRoot(path: string, identity: Identity): Promise<void> {
  const hostId = (mappings: Identity['uidMappings']) => mappings.find(({ container }) => container === 0)?.host ?? 0
  await chown(path, hostId(identity.uidMappings), hostId(identity.gidMappings))
}
