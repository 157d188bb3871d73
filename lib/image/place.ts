import { stat } from 'node:fs/promises'

/** Where an image lies, or shall go: what podman and skopeo call a transport. */
export type Place =
  | { kind: 'registry'; name: string }
  /** An OCI layout; `name` is the tag, or the whole name, in it, or `@` and the digest of a manifest. */
  | { kind: 'oci'; path: string; name: string | undefined }
  | { kind: 'oci-archive' | 'docker-archive'; path: string; name: string | undefined }
  | { kind: 'dir'; path: string; name: undefined }

export type FilePlace = Exclude<Place, { kind: 'registry' }>

/**
 * Reads `oci:DIR[:TAG|@DIGEST]`, `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`, `dir:DIR`, `docker://NAME`; anything
 * else is a name. `oci:x` and `dir:x` could be names as well: they are places if they have a slash, or there is such a folder.
 */
export async function findPlace(text: string): Promise<Place> {
  if (text.startsWith('docker://')) return { kind: 'registry', name: text.slice('docker://'.length) }
  const [, kind, rest] = /^(oci|oci-archive|docker-archive|dir):(.+)$/.exec(text) ?? []
  if (kind === undefined || rest === undefined) return { kind: 'registry', name: text }
  if (kind === 'dir') return rest.includes('/') || (await isFolder(rest)) ? { kind, path: rest, name: undefined } : { kind: 'registry', name: text }
  const [, folder, digest] = /^(.+)(@sha256:[0-9a-f]{64})$/.exec(rest) ?? []
  if (kind === 'oci' && folder !== undefined) return { kind, path: folder, name: digest }
  const colon = rest.indexOf(':')
  const path = colon === -1 ? rest : rest.slice(0, colon)
  const name = colon === -1 || colon === rest.length - 1 ? undefined : rest.slice(colon + 1)
  if (kind === 'oci' && colon === -1 && !rest.includes('/') && !(await isFolder(rest))) return { kind: 'registry', name: text }
  return { kind: kind as 'oci', path, name }
}

const isFolder = (path: string) =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  )

/** A name for what has none, or but a tag: `localhost/FOLDER:TAG`. */
export function nameOfPlace({ path }: { path: string }, tag = 'latest'): string {
  const base = path.replace(/\/+$/, '').replace(/^.*\//, '').toLowerCase()
  const plain = base
    .replace(/\.(tar|tgz|tar\.(gz|zst|xz|bz2)|oci)$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `localhost/${plain === '' ? 'image' : plain}:${tag}`
}
