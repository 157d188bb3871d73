import { idMapLines } from './id-map-lines.ts'
import type { CreateOptions } from './options.ts'

/** The flags that choose a container's ids. */
export function idWords({ userns, idMaps }: Pick<CreateOptions, 'userns' | 'idMaps'>): string {
  if (idMaps === undefined) return `--userns ${userns || '""'}`
  return [...idMapLines(idMaps.uids).map((line) => `--uidmap ${line}`), ...idMapLines(idMaps.gids).map((line) => `--gidmap ${line}`)].join(' ')
}
