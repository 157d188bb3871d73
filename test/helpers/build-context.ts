import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach } from 'vitest'
import type { Sandbox } from './sandbox.ts'

export interface TestContext {
  readonly path: string
  put(name: string, content: string | Uint8Array, mode?: number): void
  /** Writes the Dockerfile. */
  dockerfile(...lines: string[]): void
}

/** A folder to build of, which each test finds empty. */
export function useBuildContext(box: Sandbox): TestContext {
  const path = join(box.files, 'context')
  const put = (name: string, content: string | Uint8Array, mode = 0o644) => {
    const file = join(path, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    chmodSync(file, mode)
    execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, path])
  }
  beforeEach(() => {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
    box.give(path)
  })
  return { path, put, dockerfile: (...lines) => put('Dockerfile', `${lines.join('\n')}\n`) }
}
