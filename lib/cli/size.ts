const factors: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5 }

/** Bytes of `512m`, `1.5g`, `64kb`, `2GiB`: powers of 1024, as Docker's RAMInBytes. Undefined where it is none. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text)
  if (match === null) return undefined
  const value = Math.trunc(Number(match[1]) * (factors[match[2]!.toLowerCase()] ?? 1))
  return Number.isSafeInteger(value) ? value : undefined
}
