import { LichenError } from '../system/errors.ts'
import type { CreateOptions } from './options.ts'

export interface CommandSource {
  options: Pick<CreateOptions, 'entrypoint' | 'command'>
  image: { config: { Entrypoint?: string[] | null; Cmd?: string[] | null } }
}

/** Program and arguments that a container starts: `--entrypoint` puts the image's command aside. */
export function commandLine({ options, image }: CommandSource): string[] {
  const entrypoint = options.entrypoint ?? image.config.Entrypoint ?? []
  const command = options.command.length > 0 ? options.command : options.entrypoint === undefined ? (image.config.Cmd ?? []) : []
  return [...entrypoint, ...command]
}

/** The same, of at least one word. Throws NO_COMMAND. */
export function requiredCommandLine(source: CommandSource): [string, ...string[]] {
  const [program, ...args] = commandLine(source)
  if (program === undefined) {
    throw new LichenError('no command specified', { code: 'NO_COMMAND', hint: 'the image names none: give one behind it, or --entrypoint' })
  }
  return [program, ...args]
}
