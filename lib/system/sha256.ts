import { builtin } from './builtin.ts'

interface Hash {
  update(data: string | Uint8Array): Hash
  digest(): Buffer
}

/** Bun's own, which is there at once; node:crypto takes milliseconds to load there. */
declare const Bun: { CryptoHasher: new (algorithm: 'sha256') => Hash } | undefined

/** Of something small that is in memory: 32 bytes. Long streams are hashed with node:crypto, in its own time. */
export function sha256(data: string | Uint8Array): Buffer {
  const hash: Hash = typeof Bun === 'undefined' ? builtin.crypto.createHash('sha256') : new Bun.CryptoHasher('sha256')
  return hash.update(data).digest()
}
