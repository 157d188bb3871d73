import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** Folder of lichen.node, for LICHEN_LIBEXEC. */
export const addonFolder = join(top, 'native/addon/build/Release')

/** Bun's program, wherever npm has left it (see hack/build). */
export function findBun(): string {
  const candidates = ['node_modules/bun/bin/bun.exe', `node_modules/@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : process.arch}/bin/bun`].map(
    (path) => join(top, path),
  )
  // What the package ships in the program's place is a few hundred bytes of text.
  const found = candidates.find((path) => existsSync(path) && statSync(path).size > 1_000_000)
  if (found === undefined) throw new Error('bun is not installed: npm install --include=optional')
  return found
}

/** Makes one JavaScript file of a TypeScript one and all that it imports, for Node and Bun alike. */
export function bundle(entry: string, into: string): string {
  execFileSync(findBun(), ['build', entry, '--target=node', '--format=esm', `--outfile=${into}`], { stdio: ['ignore', 'ignore', 'inherit'] })
  return into
}
