/** Bytes that mean something to parsers. */
const BYTES = [0, 1, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x27, 0x2d, 0x2f, 0x30, 0x3a, 0x3d, 0x40, 0x5c, 0x7f, 0x80, 0xff]

/**
 * Another input out of one of the corpus: one to eight changes, each at a random place.
 * @param {{ input: Buffer, other: Buffer, words: readonly Buffer[], max: number, random: import('./random.mjs').Random }} from  `other` is for pieces of it
 */
export function mutate({ input, other, words, max, random }) {
  let bytes = input
  for (let left = 1 + random.below(random.pick([1, 2, 4, 8])); left > 0; left--) bytes = change(bytes, other, words, random)
  return bytes.subarray(0, max)
}

function change(bytes, other, words, random) {
  const at = random.below(bytes.length + 1)
  const length = 1 + random.below(random.pick([1, 4, 16, 64, 512]))
  const end = Math.min(bytes.length, at + length)
  switch (random.below(9)) {
    case 0:
      return splice(bytes, at, end, Buffer.alloc(0))
    case 1:
      return splice(bytes, at, at, Buffer.from([random.pick(BYTES)]))
    case 2:
      return splice(bytes, at, Math.min(bytes.length, at + 1), Buffer.from([random.below(4) === 0 ? random.below(256) : random.pick(BYTES)]))
    case 3: {
      const copy = Buffer.from(bytes)
      if (at < copy.length) copy[at] ^= 1 << random.below(8)
      return copy
    }
    case 4:
      return splice(bytes, at, at, random.pick(words) ?? Buffer.alloc(0))
    case 5: {
      const word = random.pick(words) ?? Buffer.alloc(0)
      return splice(bytes, at, Math.min(bytes.length, at + word.length), word)
    }
    // A piece again and again, which shows what takes more time than it should.
    case 6: {
      const piece = bytes.subarray(at, end)
      return splice(bytes, at, at, Buffer.concat(Array.from({ length: 1 + random.below(random.pick([1, 4, 64, 2048])) }, () => piece)))
    }
    case 7: {
      const from = random.below(other.length + 1)
      return splice(bytes, at, at, other.subarray(from, from + length))
    }
    default: {
      const from = random.below(other.length + 1)
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from)])
    }
  }
}

const splice = (bytes, from, to, middle) => Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)])
