/** Unpredictable bytes from the global `crypto`, because node:crypto takes milliseconds to load in Bun. In hexadecimal digits, two a byte. */
export const randomHex = (bytes: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')

/** From 0 to below `limit`, for choices that nobody gains from guessing. */
export const randomBelow = (limit: number): number => crypto.getRandomValues(new Uint32Array(1))[0]! % limit
