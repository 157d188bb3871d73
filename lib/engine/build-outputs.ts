import { mkdir, stat } from 'node:fs/promises'
import { type AssembledImage, keepBuilt } from '../image/add-built.ts'
import { packTar } from '../image/pack-tar.ts'
import { pushImage } from '../image/push.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { saveArchive } from '../image/save-archive.ts'
import { storeInLayout } from '../image/store-place.ts'
import { copyFiles, noIdentity, packFiles } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { BuildSession } from './build-container.ts'
import { withLayerFiles } from './build-files.ts'
import { recordTag } from './record-event.ts'

/** Where a result goes; names are normalised, `dest` undefined is standard output. */
export type Output =
  | { kind: 'image'; names: string[]; push: boolean }
  | { kind: 'oci' | 'docker'; names: string[]; dest: string | undefined }
  | { kind: 'layout'; names: string[]; dest: string }
  | { kind: 'tar'; dest: string | undefined }
  | { kind: 'local'; dest: string }

export interface Exporting {
  context: Context
  session: BuildSession
  /** diffIDs, bottom first. */
  layers: string[]
  /** Whose blobs are all in the store. */
  image: AssembledImage
  /** Seconds; of `tar`, no time is later. */
  latest: number | undefined
  say(line: string): void
  /** Writes a file in one step, or standard output. */
  write(dest: string | undefined, bytes: AsyncIterable<Uint8Array>): Promise<void>
}

/** What progress calls it. */
export const titleOf = ({ kind }: Output): string =>
  ({
    image: 'exporting to image',
    oci: 'exporting to oci image format',
    docker: 'exporting to docker image format',
    layout: 'exporting to oci image format',
    tar: 'exporting to client tarball',
    local: 'exporting to client directory',
  })[kind]

/** Brings a result to where it shall be. The caller keeps collectors away. Throws OUTPUT_FAILED, what pushing and copying throw. */
export async function exportResult(exporting: Exporting, output: Output): Promise<void> {
  const { context, image, say, write } = exporting
  switch (output.kind) {
    case 'image':
      say(`writing image ${image.id}`)
      await keepBuilt(context, image, output.names)
      for (const name of output.names) {
        say(`naming to ${name}`)
        await recordTag(context.paths, image.id, name)
      }
      for (const name of output.push ? output.names : []) {
        say(`pushing ${name}`)
        const { digest } = await pushImage({ context, reference: parseReference(name) })
        say(`pushed ${name}@${digest}`)
      }
      return
    case 'oci':
    case 'docker':
      return write(output.dest, saveArchive(context, [{ image, references: output.names }], `${output.kind}-archive`))
    case 'layout':
      for (const name of output.names.length === 0 ? ['latest'] : output.names.map((each) => familiarReference(parseReference(each)))) {
        await storeInLayout({ context, image, path: output.dest }, /:([^/:]+)$/.exec(name)?.[1] ?? name)
      }
      return
    case 'tar': {
      const shape = exporting.latest === undefined ? {} : { latest: exporting.latest }
      return withLayerFiles(exporting, (files) => write(output.dest, packTar(packFiles({ ...files, path: '/', name: '', follow: false }), shape)))
    }
    case 'local': {
      const { dest } = output
      await mkdir(dest, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        throw new LichenError(`${dest} can't be made: ${error.code === 'EACCES' ? 'permission denied' : error.message}`, {
          code: 'OUTPUT_FAILED',
          exitCode: 1,
          cause: error,
        })
      })
      if (!(await stat(dest)).isDirectory()) throw new LichenError(`${dest} is no folder`, { code: 'OUTPUT_FAILED', exitCode: 1 })
      const host = { context, identity: noIdentity, view: { kind: 'host' as const } }
      await withLayerFiles(exporting, async (files) => {
        const from = { ...files, path: '/', name: '', follow: false }
        await copyFiles(from, { ...host, directory: dest, owners: false, confined: true })
      })
    }
  }
}
