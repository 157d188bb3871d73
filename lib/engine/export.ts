import type { ContainerView } from '../container/view.ts'
import { packTar } from '../image/pack-tar.ts'
import { packFiles } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { withContainerFiles } from './container-files.ts'

/** The root file system of a container as a tar, without what is mounted in it, for `write`. */
export async function exportContainer(context: Context, view: ContainerView, write: (tar: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
  await withContainerFiles(context, view, 'root only', (files) => write(packTar(packFiles({ ...files, path: '/', name: '', follow: false }), {})))
}
