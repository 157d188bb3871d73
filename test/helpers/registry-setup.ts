import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { type ImageRecipe, type MadeImage, makeImage } from './oci-image.ts'
import { type Registry, skopeoPush, startRegistry } from './registry.ts'

/** A folder for the tests of a file, that everybody may look into; there from the first beforeAll on. */
export function useFolder(name: string): { readonly path: string } {
  const folder = { path: '' }
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), `lichen-${name}-`))
    await chmod(folder.path, 0o755)
  })
  afterAll(() => rm(folder.path, { recursive: true, force: true }))
  return folder
}

export interface FaultyRegistry {
  readonly folder: string
  /** Without faults: for the other tools. */
  readonly registry: Registry
  /** The same one, as lichen is to see it; each test begins without rules, and with nothing seen. */
  readonly proxy: FaultProxy
  readonly image: MadeImage
}

/** A registry with an image in it, and a fault proxy in front of it, for the tests of a file. */
export function useFaultyRegistry(name: string, recipe: ImageRecipe): FaultyRegistry {
  const at = useFolder('registry')
  const setup = {} as { -readonly [K in keyof FaultyRegistry]: FaultyRegistry[K] }
  beforeAll(async () => {
    const [registry, image] = await Promise.all([startRegistry(), makeImage(join(at.path, 'image'), recipe)])
    Object.assign(setup, { folder: at.path, registry, image, proxy: await startFaultProxy(registry.host) })
    await skopeoPush(image.folder, `${registry.host}/${name}`)
  })
  afterAll(() => Promise.all([setup.proxy?.stop(), setup.registry?.stop()]))
  beforeEach(() => {
    setup.proxy.rules.length = 0
    setup.proxy.seen.length = 0
  })
  return setup
}
