import type { Volume } from '../storage/volumes.ts'
import { goMap, nilMap } from './template/values.ts'

/** Docker's mark of a volume that nobody named. */
const ANONYMOUS = 'com.docker.volume.anonymous'

export const volumeLabels = ({ labels, anonymous }: Volume): Record<string, string> => (anonymous ? { ...labels, [ANONYMOUS]: '' } : labels)

/** Docker's `volume inspect` document. `mountpoint`: where its files are on the host, "" for a tmpfs. */
export function volumeDocument(volume: Volume, mountpoint: string) {
  const orNull = (map: Record<string, string>) => (Object.keys(map).length === 0 ? nilMap() : goMap({ ...map }))
  return {
    CreatedAt: volume.created.replace(/\.\d+Z$/, 'Z'),
    Driver: 'local',
    Labels: orNull(volumeLabels(volume)),
    Mountpoint: mountpoint,
    Name: volume.name,
    Options: orNull(volume.options),
    Scope: 'local',
    // podman's name
    Anonymous: volume.anonymous,
  }
}
