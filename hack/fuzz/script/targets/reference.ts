import { familiarReference, formatReference, fullName, parseReference } from '../../../../lib/image/reference.ts'
import { LichenError } from '../../../../lib/system/errors.ts'
import { allow, type FuzzTarget, must } from './target.ts'

const parse = (text: string) =>
  allow(
    () => parseReference(text),
    (error) => error instanceof LichenError && error.code === 'BAD_REFERENCE',
  )

/** Names of images: what is taken is no path that leads anywhere, and both of the ways to write it mean the same again. */
export const target: FuzzTarget = {
  max: 1024,
  words: ['docker.io/', 'library/', 'localhost:5000/', '[::1]:5000/', ':latest', '@sha256:', 'a'.repeat(64), '0123456789abcdef'.repeat(4), '..', '__', 'A'],
  run(input) {
    const reference = parse(input.toString())
    if (reference === undefined) return
    const same = JSON.stringify(reference)
    must(!/[^\w.:[\]/-]|\.\.|\/\/|^[-/]/.test(fullName(reference)), `${same} is a plain name`)
    for (const text of [formatReference(reference), familiarReference(reference)]) {
      const again = parse(text)
      must(again !== undefined && JSON.stringify(again) === same, `${JSON.stringify(text)} means ${same}`)
    }
    must(reference.repository.length <= 255 && (reference.tag ?? '').length <= 128, 'names end')
  },
}
