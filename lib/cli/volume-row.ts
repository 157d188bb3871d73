import type { Volume } from '../storage/volumes.ts'
import { volumeLabels } from './volume-document.ts'

export const volumeTable = '{{.Driver}}\t{{.Name}}'

export const volumeRaw = 'name: {{.Name}}\ndriver: {{.Driver}}\n'

export const volumeHeads = {
  Driver: 'DRIVER', Name: 'VOLUME NAME', Scope: 'SCOPE', Mountpoint: 'MOUNTPOINT', Labels: 'LABELS', Links: 'LINKS', Size: 'SIZE', Status: 'STATUS',
  Availability: 'AVAILABILITY', Group: 'GROUP', CreatedAt: 'CREATED AT', Anonymous: 'ANONYMOUS',
} // biome-ignore format: pairs

/** One line of `volume ls`: Docker's fields, of which a list knows neither links nor size; `CreatedAt` and `Anonymous` are podman's. */
export function volumeRow(volume: Volume, mountpoint: string) {
  const labels = volumeLabels(volume)
  return {
    Anonymous: volume.anonymous,
    Availability: 'N/A',
    CreatedAt: volume.created,
    Driver: 'local',
    Group: 'N/A',
    Label: (name: string) => labels[name] ?? '',
    Labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Links: 'N/A',
    Mountpoint: mountpoint,
    Name: volume.name,
    Scope: 'local',
    Size: 'N/A',
    Status: 'N/A',
  }
}
