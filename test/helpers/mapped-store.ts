import { chmodSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { unpackLayer } from '../../lib/image/unpack.ts'
import type { Identity } from '../../lib/plan/plan.ts'
import { removeTree } from '../../lib/storage/remove.ts'
import type { Config, Context } from '../../lib/system/context.ts'
import { hostIdentity } from '../../lib/system/identity.ts'
import { layerDiff } from '../../lib/system/paths.ts'
import { digest, inPieces } from './archives.ts'

const runtime = fileURLToPath(new URL('../../native/runtime/build/lichen-runtime', import.meta.url))

export interface MappedStore {
  context: Context
  identity: Identity
  /** Holds the store and nothing else. */
  top: string
  /** Unpacks a tar; gives the folder of the layer. */
  unpack(tar: Buffer): Promise<string>
  /** The host's id for one of the map. */
  hostUid(id: number): number
}

/** An empty store of the user who runs the tests, with the real runtime and real ids; goes with the test. */
export async function mappedStore(config: Config = {}): Promise<MappedStore> {
  if (!existsSync(runtime)) throw new Error(`${runtime} is not there: npm run build:native`)
  const top = mkdtempSync(join(tmpdir(), 'lichen-mapped-'))
  // A mapped root that is not the user walks through it.
  chmodSync(top, 0o711)
  const [data, run] = ['data', 'run'].map((name) => join(top, name)) as [string, string]
  mkdirSync(data, { mode: 0o711 })
  mkdirSync(run, { mode: 0o700 })
  const context: Context = { paths: { data, run }, config, runtime }
  const identity = await hostIdentity(context)
  if (identity.uidMappings.reduce((sum, { size }) => sum + size, 0) < 65536) throw new Error('you have no 65536 subordinate ids: hack/setup-host gives them')
  onTestFinished(() => removeTree({ context, identity, path: top }))
  return {
    context,
    identity,
    top,
    async unpack(tar) {
      const diffId = digest(tar)
      await unpackLayer({ context, identity, blob: inPieces(tar, 10_000), diffId })
      return layerDiff(context.paths, diffId)
    },
    hostUid(id) {
      const mapping = identity.uidMappings.find(({ container, size }) => id >= container && id < container + size)!
      return mapping.host + (id - mapping.container)
    },
  }
}
