import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** The command under test: LICHEN_BIN, else the standalone build. */
export function lichenUnderTest(): string {
  const path = resolve(top, process.env['LICHEN_BIN'] ?? 'dist/lichen')
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run build && npm run build:standalone`)
  return path
}

/** Absolute path of a program that a test cannot do without; `remedy` is the command that installs it. */
export function requireTool(name: string, remedy = 'hack/setup-host --tests'): string {
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))
  if (path === undefined) throw new Error(`${name} is not installed: ${remedy}`)
  return path
}

/** A device that must be there and be everybody's. */
export function requireDevice(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch {
    throw new Error(`${path} can't be opened: hack/setup-host`)
  }
}

/** busybox with nothing to load: what is in an image runs without the host's libraries. */
export function requireStaticBusybox(): string {
  const path = requireTool('busybox')
  // PT_INTERP names the loader in the first page.
  if (readFileSync(path).subarray(0, 4096).includes('/ld-')) throw new Error(`${path} is linked dynamically: apt-get install busybox-static`)
  return path
}
