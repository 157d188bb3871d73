import type { ContainerRecord } from './record.ts'

/** Ids of the images that a container needs: its own, and those that it mounts. */
export const imagesOf = ({ image, mounts }: ContainerRecord): string[] => [image.id, ...mounts.flatMap((mount) => mount.image?.id ?? [])]

/** diffIDs of the layers of each, bottom first. */
export const chainsOf = ({ image, mounts }: ContainerRecord): string[][] => [
  image.layers,
  ...mounts.flatMap((mount) => (mount.image === undefined ? [] : [mount.image.layers])),
]

export const layersOf = (record: ContainerRecord): string[] => chainsOf(record).flat()
