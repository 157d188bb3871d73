import type { Argv, Options } from 'yargs'
import type { OptionTable } from './options.ts'

/** Tells yargs of a table. Only for --help and completion: parsing is parse.ts's, which needs none of yargs's milliseconds. */
export function describeOptions(yargs: Argv, table: OptionTable): Argv {
  for (const [name, option] of Object.entries(table)) {
    const described: Options = {
      description: option.description,
      type: option.type === 'boolean' || option.type === 'count' ? 'boolean' : option.type === 'list' ? 'array' : option.type,
      hidden: option.hidden ?? false,
    }
    const aliases = [...(option.short === undefined ? [] : [option.short])]
    if (aliases.length > 0) described.alias = aliases
    if (option.group !== undefined) described.group = option.group
    if (option.default !== undefined && option.default !== '' && option.default !== false && option.default !== -1)
      described.defaultDescription = String(option.default)
    yargs.option(name, described)
  }
  return yargs
}
