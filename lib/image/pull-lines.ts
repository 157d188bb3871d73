import type { PullEvent } from './pull.ts'

/** What Docker prints of a pull where there is no terminal. No I/O. */
export function pullLine(event: PullEvent): string | undefined {
  if (event.kind === 'from') return `${event.tag}: Pulling from ${event.repository}`
  if (event.kind === 'progress' || event.state === 'waiting') return undefined
  const words = { started: 'Pulling fs layer', downloaded: 'Download complete', complete: 'Pull complete', exists: 'Already exists' }
  return `${layerName(event.layer)}: ${words[event.state]}`
}

/** `a3ed95caeb02`: how a layer is called in progress. */
export const layerName = (digest: string): string => digest.slice('sha256:'.length, 'sha256:'.length + 12)

/** The end of it; `name` is the familiar reference. */
export const closingLines = ({ digest, upToDate }: { digest: string; upToDate: boolean }, name: string): string[] => [
  digestLine(digest),
  statusLine({ upToDate }, name),
]

export const digestLine = (digest: string): string => `Digest: ${digest}`

export const statusLine = ({ upToDate }: { upToDate: boolean }, name: string): string =>
  upToDate ? `Status: Image is up to date for ${name}` : `Status: Downloaded newer image for ${name}`
