import type { ContainerRecord } from '../container/record.ts'
import { applyChange } from '../image/change.ts'
import type { ImageConfig } from '../image/manifest.ts'

/** What an image made of a container says: the configuration of its image, with what the container was created with, and `--change`. Pure. Throws BAD_CHANGE. */
export function commitConfig({ image, options, mounts }: ContainerRecord, changes: readonly string[]): ImageConfig {
  const base = image.config
  const name = (entry: string) => entry.split('=', 1)[0]!
  const set = options.env.filter((entry) => entry.includes('='))
  const own = new Set(options.env.map(name))
  const env = [...(base.Env ?? []).filter((entry) => !own.has(name(entry))), ...set]
  const ports = Object.fromEntries(options.publish.map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}]))
  const volumes = Object.fromEntries(mounts.filter(({ anonymous }) => anonymous).map(({ target }) => [target, {}]))
  const command = options.command.length > 0 ? options.command : options.entrypoint === undefined ? base.Cmd : undefined
  const { Cmd: _, ...rest } = base
  const config: ImageConfig = {
    ...rest,
    ...(env.length === 0 ? {} : { Env: env }),
    ...(command == null ? {} : { Cmd: command }),
    ...(options.entrypoint === undefined ? {} : { Entrypoint: options.entrypoint }),
    ...(options.user === undefined ? {} : { User: options.user }),
    ...(options.workdir === undefined ? {} : { WorkingDir: options.workdir }),
    ...(options.stopSignal === undefined ? {} : { StopSignal: options.stopSignal }),
    ...withKeys('Labels', { ...base.Labels, ...options.labels }),
    ...withKeys('ExposedPorts', { ...base.ExposedPorts, ...ports }),
    ...withKeys('Volumes', { ...base.Volumes, ...volumes }),
  }
  // Docker's rule: a command was meant for the entry point that it had.
  const [entrypoint, command_] = [/^\s*ENTRYPOINT\b/i, /^\s*CMD\b/i].map((pattern) => changes.some((change) => pattern.test(change)))
  const { Cmd: __, ...without } = config
  return changes.reduce(applyChange, entrypoint && !command_ ? without : config)
}

const withKeys = (field: 'Labels' | 'ExposedPorts' | 'Volumes', value: object): ImageConfig => (Object.keys(value).length === 0 ? {} : { [field]: value })
