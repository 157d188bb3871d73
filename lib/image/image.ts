import type { ImageConfiguration } from './manifest.ts'

/** An image in the store, ready to run: every layer is unpacked. */
export interface Image {
  /** sha256:<hex> of the configuration blob. */
  id: string
  /** Digest of the manifest it came with, byte-exact in the blob store. */
  manifestDigest: string
  configuration: ImageConfiguration
  /** diffIDs, bottom first. */
  layers: string[]
  /** Sum of the unpacked layers, bytes. */
  size: number
  /** Familiar references that point here: `busybox:latest`. */
  references: string[]
  /** name@digest under which it was pulled or pushed. */
  repoDigests: string[]
  /** Id of the image that it was committed on, which may be gone. */
  parent?: string
  /** A name that means another image here stands for it, too: it is for another platform. */
  isMember?: boolean
}
