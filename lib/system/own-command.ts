import { packageFolder } from './addon.ts'

/** How this very lichen is started again, by somebody else and later: program and first arguments, all of them absolute paths. */
export function ownCommand(): string[] {
  const top = packageFolder()
  return top === undefined ? [process.execPath] : [process.execPath, `${top}/bin/lichen`]
}
