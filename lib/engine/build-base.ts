import { type BuiltLayer, layersOfImage } from '../image/add-built.ts'
import type { Image } from '../image/image.ts'
import { type PullPolicy, resolveImage } from '../image/resolve.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'

export interface BaseWish {
  context: Context
  reference: string
  platform: string | undefined
  pull: PullPolicy
  signal: AbortSignal
  say(line: string): void
}

/** How often somebody else may remove it before it has been read. */
const TRIES = 5

/** An image that a build begins with or copies from, brought here where it is not; its layers stay, whoever removes it. The caller keeps collectors away. Throws what resolveImage does. */
export async function baseImage(wish: BaseWish): Promise<{ image: Image; layers: BuiltLayer[] }> {
  for (let tries = 1; ; tries++) {
    try {
      const image = await resolve(wish)
      const layers = await layersOfImage(wish.context, image)
      if (layers !== undefined) return { image, layers }
      if (tries === TRIES) throw new LichenError(`somebody removes ${wish.reference} again and again`, { code: 'IMAGE_GONE', exitCode: 1 })
    } catch (error) {
      if (!(error instanceof LichenError) || error.code !== 'IMAGE_NOT_FOUND' || wish.pull === 'never' || tries === TRIES) throw error
    }
  }
}

async function resolve({ context, reference, platform, pull, signal, say }: BaseWish): Promise<Image> {
  return resolveImage({
    context,
    identity: await hostIdentity(context),
    reference,
    pull,
    ...(platform === undefined ? {} : { platform }),
    signal,
    async progress() {
      const { pullLine } = await import('../image/pull-lines.ts')
      return {
        say,
        event(event) {
          const line = pullLine(event)
          if (line !== undefined) say(line)
        },
      }
    },
  })
}
