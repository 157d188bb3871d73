import { LichenError } from '../system/errors.ts'
import { allCapabilities, capabilitySets } from './capabilities.ts'
import { hasVariable, mergeEnvironment } from './environment.ts'
import type { Identity } from './plan.ts'
import type { OciProcess } from './spec.ts'
import { isRootUser, processUser } from './user.ts'

/** What a user asked of `exec`, parsed and checked in form. */
export interface ExecOptions {
  command: string[]
  /** NAME=value in the order given. */
  env: string[]
  user: string | undefined
  workdir: string | undefined
  tty: boolean
  interactive: boolean
  privileged: boolean
}

export interface ExecInput {
  /** The container's first process, as its specification has it. */
  process: OciProcess
  options: ExecOptions
  identity: Pick<Identity, 'uidMappings' | 'gidMappings'>
  /** Capabilities that the container was given by name. */
  added: string[]
  kernelRelease: string
}

/** The process of an `exec`: the container's own, and what is said otherwise. Throws BAD_USER, BAD_WORKDIR. */
export function execProcess({ process, options, identity, added, kernelRelease }: ExecInput): OciProcess {
  const { user, workdir } = options
  const owner = user === undefined || user === '' ? process.user : { ...process.user, ...processUser(user, identity) }
  if (workdir !== undefined && !workdir.startsWith('/')) {
    throw new LichenError(`working directory ${JSON.stringify(workdir)} is not an absolute path`, { code: 'BAD_WORKDIR', exitCode: 126 })
  }
  const capabilities = options.privileged ? allCapabilities(kernelRelease) : (process.capabilities?.bounding ?? [])
  const env = mergeEnvironment(process.env ?? [], options.env)
  const { consoleSize: _size, ...rest } = process
  return {
    ...rest,
    terminal: options.tty,
    user: owner,
    args: options.command,
    env: options.tty && !hasVariable(env, 'TERM') ? [...env, 'TERM=xterm'] : env,
    cwd: workdir ?? process.cwd,
    capabilities: capabilitySets({ capabilities, added: added.filter((name) => capabilities.includes(name)) }, isRootUser(owner)),
  }
}
