import { visible } from '../system/log.ts'
import { mayBeTerminal, writeOut } from '../system/output.ts'

/** Lines for the user. On a terminal control characters (of images, registries, names) are shown, not obeyed. */
export function printLines(lines: readonly string[]): void {
  if (lines.length === 0) return
  const text = lines.join('\n')
  writeOut(`${mayBeTerminal(1) ? visible(text) : text}\n`)
}
