import { limitTable } from './limit-table.ts'
import { optionTable } from './options.ts'

const text = { type: 'string', metavar: 'string' } as const
const list = { type: 'list', metavar: 'list' } as const
const flag = { type: 'boolean' } as const

export const buildTable = optionTable({
  ...limitTable,
  'add-host': { ...list, description: 'Add a line to /etc/hosts of RUN: host:ip' },
  annotation: { ...list, description: 'Add an annotation to the manifest: key=value' },
  'build-arg': { ...list, description: 'Set a build argument: NAME=value, or NAME for your own' },
  'build-context': { ...list, description: 'Another context, for --from and FROM: NAME=FOLDER, NAME=docker-image://IMAGE' },
  'cache-from': { ...list, hidden: true, description: 'External caches: not supported' },
  'cache-to': { ...list, hidden: true, description: 'External caches: not supported' },
  file: { ...text, short: 'f', description: 'Path of the Dockerfile; default: Dockerfile or Containerfile of the context; -: standard input' },
  'force-rm': { ...flag, hidden: true, description: 'Changes nothing: containers of steps are always removed' },
  iidfile: { ...text, description: 'Write the id of the image to this file' },
  isolation: { ...text, default: '', hidden: true, description: 'Changes nothing: RUN is always a container' },
  label: { ...list, description: 'Set metadata of the image: key=value' },
  network: { ...text, default: '', description: 'Network of RUN: slirp4netns (default), none or host' },
  'no-cache': { ...flag, description: 'Do not use the cache' },
  output: { ...list, short: 'o', hidden: true, description: 'Where the result goes: not supported' },
  platform: { ...text, description: 'Platform to build for (linux/arm64)' },
  progress: { ...text, default: 'auto', description: 'How progress is shown: plain or quiet' },
  provenance: { ...text, default: '', bare: 'true', hidden: true, description: 'Attestations: not supported' },
  pull: { ...text, default: 'missing', bare: 'always', description: 'Pull the base images even if they are here' },
  quiet: { ...flag, short: 'q', description: 'Print nothing but the id of the image' },
  rm: { ...flag, default: true, hidden: true, description: 'Changes nothing: containers of steps are always removed' },
  sbom: { ...text, default: '', bare: 'true', hidden: true, description: 'Attestations: not supported' },
  secret: { ...list, description: 'A secret for RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE' },
  squash: { ...flag, hidden: true, description: 'One layer: not supported' },
  ssh: { ...list, hidden: true, description: 'Agents for RUN --mount=type=ssh: not supported' },
  tag: { ...list, short: 't', description: 'Name and tag of the image' },
  target: { ...text, description: 'Stage to build' },
  timestamp: { ...text, metavar: 'seconds', description: 'Let nothing be younger: the same input gives the same image. Default: SOURCE_DATE_EPOCH' },
  ulimit: { ...list, metavar: 'ulimit', description: 'Ulimits of RUN: name=soft[:hard]' },
})
