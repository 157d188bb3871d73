import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'

/** Docker's rule: who wants a terminal and gives input must sit at one. Throws NOT_A_TTY. */
export function requireTerminal({ tty, stdin }: { tty: boolean; stdin: boolean }): void {
  if (!tty || !stdin || addon.isTerminal({ fd: 0 })) return
  throw new LichenError('the input device is not a TTY', { code: 'NOT_A_TTY', exitCode: 1, hint: 'leave -t away where standard input is a file or a pipe' })
}
