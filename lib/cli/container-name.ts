import { usageError } from './usage-error.ts'

/** A name for a container, without the slash that Docker lets it begin with. Throws USAGE. */
export function containerName(name: string, exitCode = 125): string {
  if (/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 200) return name.replace(/^\//, '')
  throw usageError(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`, undefined, exitCode)
}
