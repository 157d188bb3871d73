import type { Image } from '../image/image.ts'
import { goTime, humanDuration, humanSize, shortId } from './humanise.ts'

export const imageHeads = {
  ID: 'IMAGE ID', Repository: 'REPOSITORY', Tag: 'TAG', Digest: 'DIGEST', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', Size: 'SIZE',
  Containers: 'CONTAINERS', VirtualSize: 'SIZE', SharedSize: 'SHARED SIZE', UniqueSize: 'UNIQUE SIZE',
} // biome-ignore format: pairs

export const imageTable = '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}'
export const imageTableWithDigests = '{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}'

export const imageRaw = (digests: boolean) => `repository: {{.Repository}}
tag: {{.Tag}}
${digests ? 'digest: {{.Digest}}\n' : ''}image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`

const NONE = '<none>'

export interface RowOptions {
  /** A line for each digest as well, as `--digests` wants it. */
  digests: boolean
  truncate: boolean
  now: number
}

/** Lines of `images` for one image: one a name; an image without any name has one all the same. Docker's fields. */
export function imageRows(image: Image, options: RowOptions) {
  return namings(image, options.digests).map(({ repository, tag, digest }) => {
    const created = Date.parse(image.configuration.created ?? '')
    const unknown = Number.isNaN(created) || (image.configuration.created ?? '').startsWith('0001-')
    return {
      Containers: 'N/A',
      get CreatedAt() {
        return unknown ? 'N/A' : goTime(new Date(created))
      },
      get CreatedSince() {
        return unknown ? 'N/A' : `${humanDuration(options.now - created)} ago`
      },
      Digest: digest,
      ID: options.truncate ? shortId(image.id) : image.id,
      Repository: repository,
      SharedSize: 'N/A',
      get Size() {
        return humanSize(image.size)
      },
      Tag: tag,
      UniqueSize: 'N/A',
      get VirtualSize() {
        return humanSize(image.size, 4)
      },
    }
  })
}

export type ImageRow = ReturnType<typeof imageRows>[number]

interface Naming {
  repository: string
  tag: string
  digest: string
}

function namings(image: Image, withDigests: boolean): Naming[] {
  const digests = new Map<string, string[]>()
  for (const name of image.repoDigests) {
    const at = name.lastIndexOf('@')
    digests.set(name.slice(0, at), [...(digests.get(name.slice(0, at)) ?? []), name.slice(at + 1)])
  }
  const rows: Naming[] = []
  const tagged = new Set<string>()
  for (const reference of image.references) {
    const { repository, tag } = splitTag(reference)
    tagged.add(repository)
    const known = withDigests ? (digests.get(repository) ?? [NONE]) : [NONE]
    for (const digest of known) rows.push({ repository, tag, digest })
  }
  for (const [repository, known] of digests) {
    if (tagged.has(repository)) continue
    for (const digest of withDigests ? known : [NONE]) rows.push({ repository, tag: NONE, digest })
  }
  return rows.length > 0 ? rows : [{ repository: NONE, tag: NONE, digest: NONE }]
}

/** `localhost:5000/x:tag`, with or without a digest behind it. */
function splitTag(reference: string): { repository: string; tag: string } {
  const plain = reference.split('@', 1)[0]!
  const colon = plain.lastIndexOf(':')
  return { repository: plain.slice(0, colon), tag: plain.slice(colon + 1) }
}
