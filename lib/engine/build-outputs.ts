import { mkdir, stat } from 'node:fs/promises'
import { untilCanceled } from '../build/canceled.ts'
import { keepBuilt, keepBuiltIndex } from '../image/add-built.ts'
import { diskFull } from '../image/add-image.ts'
import type { Descriptor } from '../image/manifest.ts'
import { packTar } from '../image/pack-tar.ts'
import { formatPlatform } from '../image/platform.ts'
import { pushImage } from '../image/push.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { saveArchive } from '../image/save-archive.ts'
import { storeInLayout } from '../image/store-place.ts'
import { copyFiles, noIdentity, packFiles, type ViewInput } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { BuildSession } from './build-container.ts'
import { withLayerFiles } from './build-files.ts'
import type { BuiltResult } from './build-results.ts'
import { recordTag } from './record-event.ts'

/** Where a result goes; names are normalised, `dest` undefined is standard output. */
export type Output =
  | { kind: 'image'; names: string[]; push: boolean }
  | { kind: 'oci' | 'docker'; names: string[]; dest: string | undefined }
  | { kind: 'layout'; names: string[]; dest: string }
  | { kind: 'tar'; dest: string | undefined; split: boolean | undefined }
  | { kind: 'local'; dest: string; split: boolean | undefined }

export interface Exporting {
  context: Context
  session: BuildSession
  /** One for each platform; `main` is the one that runs here. */
  results: readonly BuiltResult[]
  main: BuiltResult
  /** Of several. */
  index: Descriptor | undefined
  /** Seconds; of `tar`, no time is later. */
  latest: number | undefined
  say(line: string): void
  /** Writes a file in one step, or standard output. */
  write(dest: string | undefined, bytes: AsyncIterable<Uint8Array>): Promise<void>
}

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
  const { context, session, results, main, index, write } = exporting
  const several = index === undefined ? undefined : { index, images: results.map(({ image }) => image) }
  switch (output.kind) {
    case 'image':
      return keepImage(exporting, output.names, output.push)
    case 'docker':
    case 'oci': {
      if (output.kind === 'docker' && several !== undefined)
        throw new LichenError('docker exporter does not currently support exporting manifest lists', { code: 'OUTPUT_FAILED', exitCode: 1, hint: 'type=oci' })
      const saving = { image: main.image, references: output.names, ...(several === undefined ? {} : { several }) }
      return write(output.dest, untilCanceled(session.signal, saveArchive(context, [saving], `${output.kind}-archive`)))
    }
    case 'layout':
      for (const name of output.names.length === 0 ? ['latest'] : output.names.map((each) => familiarReference(parseReference(each)))) {
        await storeInLayout({ context, image: main.image, path: output.dest, several }, /:([^/:]+)$/.exec(name)?.[1] ?? name)
      }
      return
    case 'tar':
      return filesAsTar(exporting, output.dest, output.split ?? several !== undefined)
    case 'local':
      for (const result of results)
        await filesToFolder(exporting, result, (output.split ?? several !== undefined) ? `${output.dest}/${folderOf(result)}` : output.dest)
  }
}

async function keepImage({ context, results, main: { image }, index, say }: Exporting, names: string[], push: boolean): Promise<void> {
  const images = results.map((result) => result.image)
  for (const { id } of images) say(`writing image ${id}`)
  const keeping = index === undefined ? keepBuilt(context, image, names) : keepBuiltIndex(context, index, images, image, names)
  await keeping.catch((error: unknown) => {
    throw diskFull(context, error) ?? error
  })
  for (const name of names) {
    say(`naming to ${name}`)
    await recordTag(context.paths, image.id, name)
  }
  for (const name of push ? names : []) {
    say(`pushing ${name}`)
    const { digest } = await pushImage({ context, reference: parseReference(name) })
    say(`pushed ${name}@${digest}`)
  }
}

/** `linux_arm64`, `linux_arm_v7`: what each platform has of its own where there are several. */
const folderOf = ({ platform }: BuiltResult): string => formatPlatform(platform).replaceAll('/', '_')

/** All of them are mounted while one archive is written. */
async function filesAsTar(
  exporting: Exporting,
  dest: string | undefined,
  split: boolean,
  trees: { files: ViewInput; result: BuiltResult }[] = [],
): Promise<void> {
  const { context, session, results, latest, write } = exporting
  const next = results[trees.length]
  if (next !== undefined)
    return withLayerFiles({ context, session, layers: next.layers }, (files) => filesAsTar(exporting, dest, split, [...trees, { files, result: next }]))
  const shape = latest === undefined ? {} : { latest }
  async function* archive() {
    for (const [at, { files, result }] of trees.entries()) {
      const own = { ...shape, ...(split ? { top: `${folderOf(result)}/` } : {}), more: at < trees.length - 1 }
      yield* packTar(packFiles({ ...files, path: '/', name: '', follow: false }), own)
    }
  }
  return write(dest, untilCanceled(session.signal, archive()))
}

async function filesToFolder({ context, session }: Exporting, { layers }: BuiltResult, dest: string): Promise<void> {
  await mkdir(dest, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new LichenError(`${dest} can't be made: ${error.code === 'EACCES' ? 'permission denied' : error.message}`, {
      code: 'OUTPUT_FAILED',
      exitCode: 1,
      cause: error,
    })
  })
  if (!(await stat(dest)).isDirectory()) throw new LichenError(`${dest} is no folder`, { code: 'OUTPUT_FAILED', exitCode: 1 })
  const host = { context, identity: noIdentity, view: { kind: 'host' as const } }
  await withLayerFiles({ context, session, layers }, async (files) => {
    await copyFiles({ ...files, path: '/', name: '', follow: false }, { ...host, directory: dest, owners: false, confined: true })
  })
}
