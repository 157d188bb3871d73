import { confirm } from '../cli/confirm.ts'
import { outputStream, writeOut } from '../system/output.ts'

/** Whether to go on: with `force`, or after a yes to what the warning says. `what` ends its line, or goes on for several. */
export async function mayRemove(what: string, force: boolean): Promise<boolean> {
  if (force) return true
  writeOut(`WARNING! This will remove${what}\n`)
  return confirm('Are you sure you want to continue?', { input: process.stdin, output: outputStream(1) })
}
