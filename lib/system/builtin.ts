import { createRequire } from 'node:module'

// Quicker than a require of one's own; Node has it since 20.16.
const require = (name: string): unknown => process.getBuiltinModule?.(name) ?? createRequire(import.meta.url)(name)

/**
 * Modules of the platform that few commands need, and then late: in Bun each of these costs 1 to 8 ms, since most of the stream
 * library comes with it. Read a property at the place of use, never at the top of a module.
 */
export const builtin = {
  get crypto() {
    return require('node:crypto') as typeof import('node:crypto')
  },
  get dgram() {
    return require('node:dgram') as typeof import('node:dgram')
  },
  get net() {
    return require('node:net') as typeof import('node:net')
  },
  get fs() {
    return require('node:fs') as typeof import('node:fs')
  },
  get os() {
    return require('node:os') as typeof import('node:os')
  },
  get path() {
    return require('node:path') as typeof import('node:path')
  },
  get promises() {
    return require('node:fs/promises') as typeof import('node:fs/promises')
  },
  get util() {
    return require('node:util') as typeof import('node:util')
  },
}
