import { usageError } from './usage-error.ts'

/** ctrl-@ is 0, ctrl-a is 1, ..., ctrl-_ is 31. */
const CONTROL = '@abcdefghijklmnopqrstuvwxyz[\\]^_'

/** What detaches where nothing else was said: ctrl-p, ctrl-q. */
const DEFAULT = Uint8Array.of(0x10, 0x11)

/** `--detach-keys`: characters and `ctrl-` characters between commas, as the bytes that a terminal sends. Throws USAGE in Docker's words. */
export function parseDetachKeys(text: string | undefined): Uint8Array {
  if (text === undefined || text === '') return DEFAULT
  const bytes = text.split(',').map(byteOf)
  if (bytes.includes(undefined)) {
    throw usageError(
      `Invalid detach keys (${text}) provided`,
      'keys between commas: a character, or ctrl- and one of a-z @ [ \\ ] ^ _; for example ctrl-p,ctrl-q',
    )
  }
  return Uint8Array.from(bytes as number[])
}

function byteOf(key: string): number | undefined {
  if (key === 'DEL') return 127
  if (key.length === 1) return key.charCodeAt(0) < 128 ? key.charCodeAt(0) : undefined
  const at = key.length === 6 && key.startsWith('ctrl-') ? CONTROL.indexOf(key.charAt(5)) : -1
  return at === -1 ? undefined : at
}
