import { isatty } from 'node:tty'
import { visible } from '../system/log.ts'

/** Lines for the user. On a terminal control characters (of images, registries, names) are shown, not obeyed. */
export function printLines(lines: readonly string[]): void {
  if (lines.length === 0) return
  const text = lines.join('\n')
  process.stdout.write(`${isatty(1) ? visible(text) : text}\n`)
}
