import { LichenError } from '../system/errors.ts'
import type { Descriptor, ImageIndex, Platform } from './manifest.ts'

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
}
const aliases: Readonly<Record<string, string>> = { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64', armhf: 'arm', i386: '386' }

/** `machine` is process.arch. */
export const hostPlatform = (machine: string): Platform => ({ os: 'linux', architecture: architectures[machine] ?? machine })

/** `linux/arm64`, `linux/arm/v7`, `arm64`. Throws BAD_PLATFORM. */
export function parsePlatform(text: string): Platform {
  const words = text.toLowerCase().split('/')
  if (words.length > 3 || !words.every((word) => /^[a-z0-9_.-]+$/.test(word))) {
    throw new LichenError(`error parsing specified platform: ${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`, {
      code: 'BAD_PLATFORM',
      hint: 'OS/ARCHITECTURE[/VARIANT], such as linux/arm64 or linux/arm/v7',
    })
  }
  const [os, named, variant] = words.length === 1 && words[0] !== 'linux' ? ['linux', words[0]] : words
  if (named === undefined) throw new LichenError(`platform ${text} names no architecture`, { code: 'BAD_PLATFORM', hint: 'such as linux/amd64' })
  return { os: os!, architecture: aliases[named] ?? named, ...(variant === undefined ? {} : { variant }) }
}

export const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter((word) => word !== undefined && word !== '').join('/')

/**
 * The manifest of an index for a platform: the variant asked for, else the one that such machines are usually taken
 * for (arm64 v8, arm v7 and then v6), else the first. Throws NO_SUCH_PLATFORM with what there is.
 */
export function choosePlatform(index: ImageIndex, wanted: Platform, what: string): Descriptor {
  const fitting = index.manifests.filter(({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture)
  const variants = wanted.variant === undefined ? usualVariants(wanted.architecture) : [wanted.variant]
  for (const variant of variants) {
    const exact = fitting.find(({ platform }) => normalVariant(platform) === variant)
    if (exact !== undefined) return exact
  }
  const first = wanted.variant === undefined ? fitting[0] : undefined
  // One that does not say for what: tools write such, and Docker takes it for any.
  const chosen = first ?? index.manifests.find(({ platform }) => platform === undefined)
  if (chosen !== undefined) return chosen
  const there = index.manifests.flatMap(({ platform }) => (platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)]))
  throw new LichenError(`no matching manifest for ${formatPlatform(wanted)} in the manifest list entries of ${what}`, {
    code: 'NO_SUCH_PLATFORM',
    hint: there.length === 0 ? 'it names no platform at all' : `it is there for: ${[...new Set(there)].join(', ')}`,
  })
}

/** Whether what an image's configuration says of itself is what was asked for; no variant asked for fits any. */
export const fitsPlatform = (actual: Platform, wanted: Platform): boolean =>
  actual.os === wanted.os && actual.architecture === wanted.architecture && (wanted.variant === undefined || normalVariant(actual) === normalVariant(wanted))

function usualVariants(architecture: string): string[] {
  if (architecture === 'arm') return ['v7', 'v6', 'v5']
  return architecture === 'arm64' ? ['v8'] : ['']
}

const normalVariant = (platform: Platform | undefined) => platform?.variant ?? (platform?.architecture === 'arm64' ? 'v8' : '')
