import type { OciSpec } from './spec.ts'

/**
 * A specification as config.json. An unlimited rlimit is 2^64-1 there, and so may an operand of seccomp be. No number of JavaScript is;
 * the nearest one, 2^64, is more than others can read. (Inside a string, these quotes would have backslashes.)
 */
export const specText = (spec: OciSpec) => JSON.stringify(spec).replace(/"(soft|hard|value|valueTwo)":18446744073709552000/g, '"$1":18446744073709551615')
