import { readdir, readFile, realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname } from 'node:path'
import { type CdiSpec, cdiEdits, isCdiName, readCdiSpec } from '../plan/cdi.ts'
import type { CreateOptions } from '../plan/options.ts'
import { parsePlainYaml } from '../plan/plain-yaml.ts'
import type { SourceMount } from '../plan/spec-input.ts'
import { warning } from '../system/log.ts'

/** Later ones win. */
const folders = () => ['/etc/cdi', '/var/run/cdi', `${process.env['XDG_CONFIG_HOME'] ?? `${homedir()}/.config`}/cdi`]

export interface CdiDevices {
  options: Pick<CreateOptions, 'devices' | 'env'>
  mounts: SourceMount[]
}

/**
 * `--device vendor.com/class=name` and `--gpus`, looked up afresh for each start: variables, devices and mounts of the host's specifications.
 * Throws NO_CDI_DEVICE, UNSUPPORTED_HOOK.
 */
export async function cdiDevices({ devices, env }: Pick<CreateOptions, 'devices' | 'env'>): Promise<CdiDevices> {
  const names = devices.filter(isCdiName)
  if (names.length === 0) return { options: { devices, env }, mounts: [] }
  const edits = cdiEdits(names, await readSpecs())
  const mounts = (await Promise.all(edits.mounts.map(withLinks))).flat().map(bind)
  const libraries = [...new Set(edits.libraries)].filter((folder) => folder !== '')
  return {
    options: {
      devices: [...devices.filter((device) => !isCdiName(device)), ...edits.devices.map(({ source, target }) => `${source}:${target}`)],
      // The user's own come later, and win.
      env: [...edits.env, ...(libraries.length === 0 ? [] : [`LD_LIBRARY_PATH=${libraries.join(':')}`]), ...env],
    },
    mounts: mounts.filter((mount, at) => mounts.findIndex(({ target }) => target === mount.target) === at),
  }
}

async function readSpecs(): Promise<CdiSpec[]> {
  const specs: CdiSpec[] = []
  for (const folder of folders()) {
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      if (!/\.(json|ya?ml)$/.test(name)) continue
      try {
        const text = await readFile(`${folder}/${name}`, 'utf8')
        specs.push(readCdiSpec(name.endsWith('.json') ? JSON.parse(text) : parsePlainYaml(text)))
      } catch (error) {
        warning(`${folder}/${name} is left out: ${(error as Error).message}`)
      }
    }
  }
  return specs
}

interface Mount {
  source: string
  target: string
  options: string[]
}

/** A library is looked for by other names than its file's: those that the host has as links beside it. (ldconfig, a hook, would make them.) */
async function withLinks(mount: Mount): Promise<Mount[]> {
  const name = basename(mount.source)
  const stem = /^(.*?\.so)\./.exec(name)?.[1]
  if (stem === undefined) return [mount]
  const folder = dirname(mount.source)
  const beside = (await readdir(folder).catch(() => [])).filter((other) => other !== name && (other === stem || other.startsWith(`${stem}.`)))
  const real = await realpath(mount.source).catch(() => '')
  const links = await Promise.all(beside.map(async (other) => ((await realpath(`${folder}/${other}`).catch(() => undefined)) === real ? [other] : [])))
  return [mount, ...links.flat().map((other) => ({ ...mount, target: `${dirname(mount.target)}/${other}` }))]
}

const bind = ({ source, target, options }: Mount): SourceMount => ({
  type: 'bind',
  source,
  target,
  readOnly: options.includes('ro'),
  options: options.filter((option) => /^((no)?(exec|suid|dev)|r?(private|slave))$/.test(option)),
})
