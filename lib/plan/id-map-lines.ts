import type { IdMapRule } from './options.ts'

/** As podman's inspect shows a map. */
export const idMapLines = (rules: readonly IdMapRule[]): string[] => rules.map(({ container, from, size }) => `${container}:${from}:${size}`)
