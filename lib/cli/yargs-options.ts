import type { Argv } from 'yargs'
import type { OptionTable } from './options.ts'

/** Tells yargs of a table. Only for completion: parsing is parse.ts's, which needs none of yargs's milliseconds. */
export function describeOptions(yargs: Argv, table: OptionTable): Argv {
  for (const [name, { type, short, description, hidden = false }] of Object.entries(table)) {
    yargs.option(name, {
      description,
      hidden,
      type: type === 'boolean' || type === 'count' ? 'boolean' : type === 'list' ? 'array' : type,
      ...(short === undefined ? {} : { alias: short }),
    })
  }
  return yargs
}
