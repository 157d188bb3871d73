import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { FuzzTarget } from '../../../hack/fuzz/script/targets/target.ts'

const top = fileURLToPath(new URL('../../../hack/fuzz', import.meta.url))
const targets = readdirSync(join(top, 'script/targets'))
  .filter((file) => file !== 'target.ts')
  .map((file) => file.replace(/\.ts$/, ''))

const inputs = (folder: string) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])

/** Milliseconds for an input of a few kilobytes, on a busy machine: what is not linear takes minutes. */
const SLOW = 2_000

describe.each(targets)('what fuzzing has found for %s', (name) => {
  it('is still harmless, and quick', async () => {
    const { target } = (await import(`../../../hack/fuzz/script/targets/${name}.ts`)) as { target: FuzzTarget }
    const files = [...inputs(join(top, 'corpus', name)), ...inputs(join(top, 'cases', name))]
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) {
      const start = performance.now()
      expect(() => target.run(readFileSync(file)), file).not.toThrow()
      expect(performance.now() - start, file).toBeLessThan(SLOW)
    }
  })
})
