import { builtin } from './builtin.ts'

/*
 * node:path for the way of `run`, `exec` and `ps`, which have paths in good order nearly always: the module itself is a start's to pay for
 * (docs/adr/0011), and is asked where there is something to be done.
 */

const TIDY = /^(\/[^/.][^/]*)+$/

/** path.resolve: absolute, without `.`, `..` and slashes too many. */
export const resolve = (path: string): string => (TIDY.test(path) ? path : builtin.path.resolve(path))

/** path.posix.normalize. */
export const normalize = (path: string): string => (TIDY.test(path) ? path : builtin.path.posix.normalize(path))

/** path.dirname. */
export const dirname = (path: string): string => (TIDY.test(path) ? path.slice(0, path.lastIndexOf('/')) || '/' : builtin.path.dirname(path))
