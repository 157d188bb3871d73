import { LichenError } from '../system/errors.ts'

/** The name of an image, as Docker normalises it. */
export interface Reference {
  /** Host, with its port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  registry: string
  /** `library/busybox` */
  repository: string
  tag: string | undefined
  /** sha256:<hex> */
  digest: string | undefined
}

const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const HOST =
  /^(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/**
 * Reads `[REGISTRY/]NAME[:TAG][@DIGEST]`. Without a registry it is docker.io, without tag and digest it is `latest`;
 * Docker's own images are below `library/`. Throws BAD_REFERENCE, in Docker's words.
 */
export function parseReference(text: string): Reference {
  if (/^[0-9a-f]{64}$/.test(text)) throw invalid(text, 'cannot specify 64-byte hexadecimal strings', 'an image id is given as sha256:ID')
  const at = text.indexOf('@')
  const digest = at === -1 ? undefined : text.slice(at + 1)
  if (digest !== undefined && !DIGEST.test(digest)) throw invalid(text, undefined, 'behind @ stands sha256: and 64 hexadecimal digits in lower case')
  const named = at === -1 ? text : text.slice(0, at)
  const { registry, path } = splitRegistry(named)
  const colon = path.indexOf(':')
  const tag = colon === -1 ? undefined : path.slice(colon + 1)
  const remainder = colon === -1 ? path : path.slice(0, colon)
  if (tag !== undefined && !TAG.test(tag))
    throw invalid(text, undefined, 'a tag has 1 to 128 letters, digits, "_", "." and "-", and starts with none of the last two')
  if (!HOST.test(registry)) throw invalid(text)
  if (remainder !== remainder.toLowerCase())
    throw invalid(
      text,
      `repository name (${registry === 'docker.io' && !remainder.includes('/') ? 'library/' : ''}${remainder}) must be lowercase`,
      `did you mean ${text.replace(remainder, remainder.toLowerCase())}?`,
    )
  if (!remainder.split('/').every((part) => PART.test(part))) throw invalid(text)
  const repository = registry === 'docker.io' && !remainder.includes('/') ? `library/${remainder}` : remainder
  if (repository.length > 255) throw invalid(text, 'repository name must not be more than 255 characters')
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest }
}

/** The part before the first slash is a registry if it has a dot, a colon or capitals, or is localhost. */
function splitRegistry(named: string): { registry: string; path: string } {
  const slash = named.indexOf('/')
  const first = named.slice(0, Math.max(slash, 0))
  const isRegistry = slash !== -1 && (/[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  if (!isRegistry) return { registry: 'docker.io', path: named }
  return { registry: first === 'index.docker.io' ? 'docker.io' : first, path: named.slice(slash + 1) }
}

function invalid(text: string, why?: string, hint?: string): LichenError {
  const reason = why === undefined ? 'invalid reference format' : `invalid reference format: ${why}`
  return new LichenError(reason, { code: 'BAD_REFERENCE', hint: hint ?? `no name of an image: ${JSON.stringify(text)}` })
}

/** `docker.io/library/busybox`: without tag and digest. */
export const fullName = (reference: Reference): string => `${reference.registry}/${reference.repository}`

/** `docker.io/library/busybox:latest`: what references are stored under. */
export function formatReference(reference: Reference): string {
  return `${fullName(reference)}${suffix(reference)}`
}

/** `busybox`: the name as people write it. Whole where its first part alone would be taken for a registry: `docker.io/localhost/app`. */
export function familiarName(reference: Reference): string {
  const short = reference.repository.replace(/^library\/(?=[^/]+$)/, '')
  return reference.registry === 'docker.io' && splitRegistry(short).path === short ? short : fullName(reference)
}

/** `busybox:latest` */
export const familiarReference = (reference: Reference): string => `${familiarName(reference)}${suffix(reference)}`

const suffix = ({ tag, digest }: Reference) => `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
