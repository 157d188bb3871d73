import { LichenError } from '../system/errors.ts'
import { sha256 as hashOf } from '../system/sha256.ts'

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** `sha256:` and 64 small hex digits: nothing else may become part of a path or a URL. */
export const isDigest = (text: unknown): text is string => typeof text === 'string' && DIGEST.test(text)

/** The digest, checked. `whose` names the object in the message. Throws BAD_DIGEST. */
export function checkDigest(digest: unknown, whose: string): string {
  if (isDigest(digest)) return digest
  const shown = typeof digest === 'string' ? JSON.stringify(digest.slice(0, 200)) : String(digest)
  throw new LichenError(`${whose}: ${shown} is not a digest that lichen takes`, { code: 'BAD_DIGEST', hint: 'sha256: and 64 hexadecimal digits in lower case' })
}

/** The digits of a digest, for file names. Throws BAD_DIGEST. */
export const digestHex = (digest: string): string => checkDigest(digest, 'digest').slice('sha256:'.length)

export const sha256 = (bytes: Uint8Array | string): string => `sha256:${hashOf(bytes).toString('hex')}`
