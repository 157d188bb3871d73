import type { Secret } from '../storage/secrets.ts'
import { humanDuration } from './humanise.ts'
import { goMap } from './template/values.ts'

export const secretTable = '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}'

export const secretHeads = { ID: 'ID', Name: 'NAME', Driver: 'DRIVER', CreatedAt: 'CREATED', UpdatedAt: 'UPDATED', Labels: 'LABELS' }

/** One line of `secret ls`. */
export function secretRow({ id, name, created, updated, labels }: Secret, now: number) {
  const ago = (time: string) => `${humanDuration(now - Date.parse(time))} ago`
  return {
    CreatedAt: ago(created),
    Driver: 'file',
    ID: id,
    Label: (key: string) => labels[key] ?? '',
    Labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Name: name,
    UpdatedAt: ago(updated),
  }
}

/** `secret inspect`; the data itself only where it was asked for. */
export function secretDocument({ id, name, created, updated, labels, data }: Secret, show: boolean) {
  return {
    ID: id,
    CreatedAt: created,
    UpdatedAt: updated,
    Spec: { Name: name, Driver: { Name: 'file', Options: goMap({}) }, Labels: goMap({ ...labels }) },
    ...(show ? { SecretData: Buffer.from(data, 'base64').toString() } : {}),
  }
}
