import { limitTable } from './limit-table.ts'
import { optionTable } from './options.ts'

const text = { type: 'string', metavar: 'string' } as const
const list = { type: 'list', metavar: 'list' } as const
const flag = { type: 'boolean' } as const

export const buildTable = optionTable({
  ...limitTable,
  'add-host': { ...list, description: 'Add a line to /etc/hosts of RUN: host:ip' },
  allow: { ...list, description: 'Allow what is dangerous: network.host; changes nothing, RUN --network=host is allowed' },
  annotation: { ...list, description: 'Add an annotation to the manifest: key=value' },
  attest: { ...list, hidden: true, description: 'Attestations: not supported' },
  'build-arg': { ...list, description: 'Set a build argument: NAME=value, or NAME for your own' },
  'build-context': { ...list, description: 'Another context, for --from and FROM: NAME=FOLDER, NAME=docker-image://IMAGE' },
  'cache-from': { ...list, description: 'Use the steps of another build: NAME, type=registry,ref=NAME or type=local,src=FOLDER' },
  'cache-to': { ...list, description: 'Write the steps for other builds: type=registry,ref=NAME, type=local,dest=FOLDER or type=inline' },
  builder: { ...text, hidden: true, description: 'Changes nothing: there is one builder' },
  call: { ...text, default: 'build', description: 'Build nothing, but tell of the Dockerfile: check, outline or targets; with ,format=json as JSON' },
  check: { ...flag, description: 'Build nothing, but say what could be better in the Dockerfile' },
  compress: { ...flag, hidden: true, description: 'Changes nothing: the context goes nowhere' },
  file: { ...text, short: 'f', description: 'Path of the Dockerfile; default: Dockerfile or Containerfile of the context; -: standard input' },
  'force-rm': { ...flag, hidden: true, description: 'Changes nothing: containers of steps are always removed' },
  iidfile: { ...text, description: 'Write the id of the image to this file' },
  isolation: { ...text, default: '', hidden: true, description: 'Changes nothing: RUN is always a container' },
  label: { ...list, description: 'Set metadata of the image: key=value' },
  load: { ...flag, description: 'Keep the result as an image, beside what --output says' },
  'metadata-file': { ...text, description: 'Write digests and names of the result to this file, as JSON' },
  network: { ...text, default: '', description: 'Network of RUN: slirp4netns (default), none or host' },
  'no-cache': { ...flag, description: 'Do not use the cache' },
  'no-cache-filter': { ...list, description: 'Do not use the cache for these stages' },
  output: { ...list, short: 'o', description: 'Where the result goes: FOLDER, -, type=local|tar|oci|docker|image|registry,dest=FILE' },
  platform: { ...text, description: 'Platform to build for (linux/arm64)' },
  progress: { ...text, default: 'auto', description: 'How progress is shown: plain, tty, quiet or rawjson; auto: tty on a terminal' },
  provenance: { ...text, default: '', bare: 'true', hidden: true, description: 'Attestations: not supported' },
  push: { ...flag, description: 'Push the result to its registry' },
  pull: { ...text, default: 'missing', bare: 'always', description: 'Pull the base images even if they are here' },
  quiet: { ...flag, short: 'q', description: 'Print nothing but the id of the image' },
  rm: { ...flag, default: true, hidden: true, description: 'Changes nothing: containers of steps are always removed' },
  sbom: { ...text, default: '', bare: 'true', hidden: true, description: 'Attestations: not supported' },
  secret: { ...list, description: 'A secret for RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE' },
  'shm-size': { ...text, metavar: 'bytes', description: 'Size of /dev/shm of RUN' },
  squash: { ...flag, description: 'Make one layer of all that the build has made' },
  ssh: { ...list, description: 'An agent for RUN --mount=type=ssh: default, ID=SOCKET or ID=KEY' },
  tag: { ...list, short: 't', description: 'Name and tag of the image' },
  target: { ...text, description: 'Stage to build' },
  timestamp: { ...text, metavar: 'seconds', description: 'Let nothing be younger: the same input gives the same image. Default: SOURCE_DATE_EPOCH' },
  ulimit: { ...list, metavar: 'ulimit', description: 'Ulimits of RUN: name=soft[:hard]' },
})
