import type { GlobalOptions } from '../system/open-context.ts'
import type { OptionTable, ParsedArgs, Positionals } from './options.ts'

export type Globals = GlobalOptions

/** A verb: its tables, and what it does. `run` gives the exit code; failures are thrown. */
export interface Command<T extends OptionTable = OptionTable> {
  name: string
  summary: string
  /** Behind the name: `[OPTIONS] IMAGE [COMMAND] [ARG...]`; a line a form. */
  usage: string
  /** More for `--help`, below the summary. */
  details?: string
  options: T
  positionals: Positionals
  /** Exit code of a wrong number of words; 1 as Docker, 125 for run and its kin. */
  usageExitCode?: number
  run(args: ParsedArgs<T>, globals: Globals): Promise<number>
}

/** Types `run` by the option table beside it. */
export const command = <const T extends OptionTable>(definition: Command<T>): Command<T> => definition
