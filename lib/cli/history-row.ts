import type { HistoryEntry } from '../image/manifest.ts'
import { ellipsis, goTime, humanDuration, humanSize, shortId } from './humanise.ts'

export const historyTable = '{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}'
export const historyTableExact = '{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}'

export const historyHeads = { ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY', Size: 'SIZE', Comment: 'COMMENT' }

export interface HistoryInput {
  id: string
  history: readonly HistoryEntry[]
  /** Bytes of the layers, bottom first. */
  sizes: readonly number[]
  /** Of the image, for layers that no history tells of. */
  created: string
}

interface Step {
  created: string
  createdBy: string
  comment: string
  size: number
}

/** Lines of `history`, newest first: the steps of the build, each with the layer that it made. Docker's fields. */
export function historyRows(input: HistoryInput, { truncate, human, now }: { truncate: boolean; human: boolean; now: number }) {
  return steps(input)
    .reverse()
    .map(({ created, createdBy, comment, size }, at) => {
      const time = Date.parse(created)
      const known = !Number.isNaN(time) && !created.startsWith('0001-')
      const oneLine = createdBy.replace(/[\t\n]/g, ' ')
      return {
        ID: at > 0 ? '<missing>' : truncate ? shortId(input.id) : input.id,
        get CreatedAt() {
          return known ? rfc3339(new Date(time)) : ''
        },
        get CreatedSince() {
          if (!known) return 'N/A'
          return human ? `${humanDuration(now - time)} ago` : rfc3339(new Date(time))
        },
        get CreatedBy() {
          return truncate ? ellipsis(oneLine, 45) : oneLine
        },
        get Size() {
          return human ? humanSize(size) : String(size)
        },
        Comment: comment,
      }
    })
}

/** History and layers go side by side; what one has more than the other is shown all the same. */
function steps({ history, sizes, created }: HistoryInput): Step[] {
  const rest = [...sizes]
  const told = history.map((entry) => ({
    created: entry.created ?? created,
    createdBy: entry.created_by ?? '',
    comment: entry.comment ?? '',
    size: entry.empty_layer === true ? 0 : (rest.shift() ?? 0),
  }))
  return [...told, ...rest.map((size) => ({ created, createdBy: '', comment: '', size }))]
}

/** `2026-05-04T03:02:01+02:00` */
function rfc3339(date: Date): string {
  const [day, time, zone = '+0000'] = goTime(date).split(' ')
  return `${day}T${time}${zone === '+0000' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`}`
}
