import { mountTarget } from './mount-target.ts'
import type { MountAttribute, MountPlan } from './plan.ts'
import type { OciMount } from './spec.ts'
import type { SourceMount } from './spec-input.ts'
import { passedOptions, SUBPATH, subpathOption } from './volume-mount.ts'

/** Where the kernel finds what it needs beside the layers; the paths of overlayfs's own options follow from it. */
const FOLDER = 'x-folder='

/** The layers of an image as one tree, in a specification: an overlay with overlayfs's own options. Throws UNSUPPORTED_MOUNT_OPTION, BAD_MOUNT_TARGET, BAD_SUBPATH. */
export function imageMount({ source, target, readOnly, options, layers = [] }: SourceMount): OciMount {
  const destination = mountTarget({ destination: target, type: 'overlay', source })
  const changes = readOnly ? ['ro'] : [`upperdir=${escaped(`${source}/upper`)}`, `workdir=${escaped(`${source}/work`)}`]
  return {
    destination,
    type: 'overlay',
    source: 'overlay',
    options: [`lowerdir=${layers.map(escaped).join(':')}`, ...changes, ...passedOptions(options, destination), ...subpathOption(options), `${FOLDER}${source}`],
  }
}

export const isImageMount = ({ type, options }: OciMount) => type === 'overlay' && (options ?? []).some((option) => option.startsWith(FOLDER))

/** The step of one that imageMount made. */
export function compileImageMount({ destination, options = [] }: OciMount, attributes: MountAttribute[]): MountPlan {
  const value = (name: string) => options.find((option) => option.startsWith(name))?.slice(name.length)
  return {
    kind: 'image',
    source: value(FOLDER)!,
    target: destination,
    data: value(SUBPATH) ?? '',
    attributes,
    flags: value('upperdir=') === undefined ? [] : ['upper'],
    mode: 0,
    layers: (value('lowerdir=') ?? '').split(/(?<!\\):/).map((path) => path.replace(/\\(.)/g, '$1')),
  }
}

const escaped = (path: string) => path.replace(/[\\:,]/g, '\\$&')
