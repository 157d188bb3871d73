import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    // Containers, registries and user namespaces on a machine of two cores: the time limits are for what hangs, not for what is slow.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A process a file, as many at once as the machine has cores.
    pool: 'forks',
    passWithNoTests: false,
  },
})
