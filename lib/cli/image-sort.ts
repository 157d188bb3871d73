import type { Image } from '../image/image.ts'
import type { ImageRow } from './image-row.ts'

/** podman's keys of `images --sort`. */
export const sortKeys = ['created', 'id', 'repository', 'size', 'tag'] as const

interface Pair {
  image: Image
  row: ImageRow
}

/** Rows in the order that is wanted; `created`, newest first, is that in which they come. */
export function sortRows<P extends Pair>(pairs: readonly P[], key: string): P[] {
  if (key === 'created') return [...pairs]
  if (key === 'size') return pairs.toSorted((a, b) => a.image.size - b.image.size)
  const text = ({ image, row }: Pair) => (key === 'id' ? image.id : key === 'tag' ? row.Tag : row.Repository)
  return pairs.toSorted((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0))
}
