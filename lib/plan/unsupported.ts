import { LichenError } from '../system/errors.ts'
import type { OciSpec } from './spec.ts'

/** An error for a field of a specification that lichen can't carry out, or that makes no sense. `field` as in jq: linux.intelRdt. */
export function unsupported(field: string, why = 'is not supported'): LichenError {
  return new LichenError(`${field} ${why}`, { code: 'UNSUPPORTED_SPEC', hint: 'the field is one of the OCI runtime specification (config.json)' })
}

/** Fields that are carried out, or that say something to others than the runtime. */
const known = {
  process: ['terminal', 'consoleSize', 'user', 'args', 'env', 'cwd', 'capabilities', 'rlimits', 'noNewPrivileges', 'oomScoreAdj', 'commandLine'],
  linux: [
    'namespaces',
    'uidMappings',
    'gidMappings',
    'devices',
    'cgroupsPath',
    'resources',
    'sysctl',
    'seccomp',
    'rootfsPropagation',
    'maskedPaths',
    'readonlyPaths',
  ],
  // devices: nothing can be allowed that this user has not, and nothing forbidden that is not bound.
  resources: ['devices', 'memory', 'cpu', 'pids', 'unified'],
}

/** Throws UNSUPPORTED_SPEC for the first field that can't be carried out. Values that say "nothing" may stand anywhere. */
export function requireSupported(spec: OciSpec): void {
  if (!/^1\./.test(spec.ociVersion ?? '')) throw unsupported('ociVersion', `is ${JSON.stringify(spec.ociVersion)}, and lichen knows 1.x`)
  for (const [name, hooks] of Object.entries(spec.hooks ?? {})) if (!isNothing(hooks)) throw unsupported(`hooks.${name}`)
  check(spec.process ?? {}, known.process, 'process')
  check(spec.linux ?? {}, known.linux, 'linux')
  check(spec.linux?.resources ?? {}, known.resources, 'linux.resources')
  if (spec.linux?.seccomp?.listenerPath) throw unsupported('linux.seccomp.listenerPath')
}

function check(part: object, fields: string[], path: string): void {
  for (const [name, value] of Object.entries(part)) {
    if (!fields.includes(name) && !isNothing(value) && !(name === 'apparmorProfile' && value === 'unconfined')) throw unsupported(`${path}.${name}`)
  }
}

const isNothing = (value: unknown) =>
  value === undefined || value === null || value === '' || value === 0 || value === false || (typeof value === 'object' && Object.keys(value).length === 0)
