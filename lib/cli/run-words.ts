import { invalidArgument, usageError } from './usage-error.ts'

/** podman's --read-only-tmpfs. */
export const writableTmpfs = { '/run': 'mode=755', '/tmp': 'mode=1777', '/var/tmp': 'mode=1777' }

/** `--entrypoint`: a word, or podman's JSON list of words. */
export function parseEntrypoint(text: string): string[] {
  if (text === '') return []
  if (!text.startsWith('[')) return [text]
  try {
    const words: unknown = JSON.parse(text)
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words
  } catch {
    // A program may be called that.
  }
  return [text]
}

/** `--platform`, or podman's `--os` and `--arch`. */
export function parsePlatformFlags(flags: { platform: string | undefined; arch: string | undefined; os: string | undefined }): string | undefined {
  const { platform, arch, os } = flags
  if (platform !== undefined && platform !== '') {
    if (arch !== undefined || os !== undefined) throw usageError('--platform option can not be specified with --arch or --os')
    return platform
  }
  return arch === undefined && os === undefined ? undefined : `${os ?? 'linux'}${arch === undefined ? '' : `/${arch}`}`
}

export function parseEnvMerge(text: string): string {
  if (/^[^=]+=/.test(text)) return text
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user writes
  throw invalidArgument(text, '--env-merge', 'it must be NAME=TEXT, such as PATH=/opt/bin:${PATH}')
}

export function parseMacAddress(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) throw usageError(`${text} is not a valid mac address`)
  if ((Number.parseInt(text.slice(0, 2), 16) & 1) === 1) throw usageError(`${text} is a multicast address: no interface can have it`)
  return text.toLowerCase()
}
