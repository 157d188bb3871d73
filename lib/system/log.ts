/** Where commands, and everything below them, say what is not their result: stderr. */

import { writeErr } from './output.ts'

const state = { debug: false }

/** `--debug`, or `"debug": true` in the configuration. */
export function setDebug(on: boolean): void {
  state.debug = on
}

/** Something was lost or done otherwise; the command goes on. */
export function warning(message: string): void {
  writeErr(`Warning: ${visible(message)}\n`)
}

/** Printed only under `--debug`; with the milliseconds since the process was started. */
export function debug(message: string | (() => string)): void {
  if (!state.debug) return
  const text = typeof message === 'string' ? message : message()
  writeErr(`debug [${performance.now().toFixed(1)} ms] ${visible(text)}\n`)
}

/** Control characters that a registry, an image or a helper may have put into a message must not steer the terminal. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
