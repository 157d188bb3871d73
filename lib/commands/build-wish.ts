import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { wantedAttestation } from '../cli/attestations.ts'
import { parseCacheFrom, parseCacheTo } from '../cli/build-caches.ts'
import { type BuildOutput, parseAnnotations, parseBuildOutput } from '../cli/build-outputs.ts'
import type { buildTable } from '../cli/build-table.ts'
import { addHost } from '../cli/create-options.ts'
import { parseEnv, parseLabels } from '../cli/env.ts'
import { bytes, parseLimits, parseUlimit } from '../cli/limits.ts'
import type { OptionValues } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import type { BuildInput } from '../engine/build-input.ts'
import type { Output } from '../engine/build-outputs.ts'
import type { SshWish } from '../engine/build-ssh.ts'
import { targetPlatforms } from '../engine/build-words.ts'
import { tagOnly } from '../image/tag.ts'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'

type Flags = OptionValues<typeof buildTable>

/** Better no build than one that means something else. */
export function checkSupported(flags: Flags): void {
  const refuse = (flag: string, hint?: string) =>
    new LichenError(`${flag} is not supported`, { code: 'UNSUPPORTED_BUILD', exitCode: 1, hint: hint ?? 'docs/build.md says what is' })
  const attestation = wantedAttestation(flags)
  if (attestation !== undefined) throw refuse(attestation, 'no attestations are made; --provenance=false and --sbom=false are taken')
  if (flags['cgroup-parent']) throw refuse('--cgroup-parent', 'steps run in the cgroup of the build: start the build in the one that they are to have')
  if (flags['security-opt'].length > 0) throw refuse('--security-opt', 'steps have the sandbox that containers have by default')
  if (!['auto', 'plain', 'quiet', 'tty', 'rawjson'].includes(flags.progress))
    throw usageError(`invalid progress mode: ${flags.progress}`, 'auto, plain, tty, quiet or rawjson', 1)
  if (!['', 'default', 'oci', 'chroot', 'rootless'].includes(flags.isolation)) throw usageError(`unknown isolation: ${flags.isolation}`, undefined, 1)
  for (const entitlement of flags.allow) {
    if (entitlement === 'security.insecure') throw refuse('--allow security.insecure')
    if (entitlement !== 'network.host') throw usageError(`invalid entitlement: ${entitlement}`, 'network.host', 1)
  }
}

export type Wish = Omit<BuildInput, 'context' | 'session' | 'dockerfile' | 'files' | 'contexts' | 'openContext' | 'ssh' | 'signal' | 'onEvent' | 'write'> & {
  sshWishes: SshWish[]
}

/** What the flags ask for. Throws USAGE, NO_SECRET. */
export async function parseWish(flags: Flags): Promise<Wish> {
  const pull = flags.pull === '' || flags.pull === 'true' || flags.pull === 'always' ? 'always' : flags.pull === 'never' ? 'never' : 'missing'
  const outputs = flags.output.map(parseBuildOutput)
  const buildArgs = new Map(
    parseEnv(flags['build-arg'], process.env).map((entry) => {
      const equals = entry.indexOf('=')
      return [entry.slice(0, equals), entry.slice(equals + 1)]
    }),
  )
  const cacheTo = flags['cache-to'].flatMap(parseCacheTo)
  return {
    target: flags.target || undefined,
    buildArgs,
    cacheFrom: flags['cache-from'].flatMap(parseCacheFrom),
    // The older way to say it.
    cacheTo: buildArgs.get('BUILDKIT_INLINE_CACHE') === '1' ? [...cacheTo, { kind: 'inline' }] : cacheTo,
    platforms: targetPlatforms(flags.platform ?? ''),
    noCache: flags['no-cache'],
    noCacheFor: new Set(flags['no-cache-filter'].flatMap((names) => names.toLowerCase().split(','))),
    pull,
    labels: parseLabels(flags.label),
    annotations: {
      ...parseAnnotations(flags.annotation),
      ...Object.assign({}, ...outputs.map((output) => ('annotations' in output ? output.annotations : {}))),
    },
    outputs: outputsOf(flags, outputs),
    squash: flags.squash,
    sshWishes: flags.ssh.map(sshWish),
    options: {
      network: flags.network === 'default' ? '' : flags.network,
      addHosts: flags['add-host'].map(addHost),
      ulimits: flags.ulimit.map(parseUlimit),
      limits: parseLimits(flags),
      ...(flags['shm-size'] === undefined ? {} : { shmSize: bytes(flags['shm-size'], '--shm-size') }),
    },
    secrets: new Map(await Promise.all(flags.secret.map(readSecret))),
    timestamp: timestamp(flags.timestamp ?? process.env['SOURCE_DATE_EPOCH']),
  }
}

/** Without --output the result is an image, with the names of -t. Throws USAGE. */
function outputsOf(flags: Flags, outputs: readonly BuildOutput[]): Output[] {
  const tags = [...new Set(flags.tag.map(tagOnly))]
  const image = (push: boolean): BuildOutput => ({ kind: 'image', names: [], push, annotations: {} })
  const wanted = [...outputs, ...(flags.push ? [image(true)] : flags.load ? [image(false)] : [])]
  if (wanted.length === 0) wanted.push(image(false))
  const toOutput = wanted.filter((output) => 'dest' in output && output.dest === undefined)
  if (toOutput.length > 1) throw usageError('only one output can be standard output', 'dest=FILE', 1)
  if (toOutput.length === 1 && addon.isTerminal({ fd: 1 }))
    throw usageError(`dest file is required for ${toOutput[0]!.kind} exporter. refusing to write to console`, 'dest=FILE, or a redirection', 1)
  return wanted.flatMap((output): Output[] => {
    if (output.kind === 'cacheonly') return []
    if (output.kind === 'tar' || output.kind === 'local') return [output]
    const names = output.names.length === 0 ? tags : [...new Set([...tags, ...output.names.map(tagOnly)])]
    if (output.kind === 'image' && output.push && names.length === 0) throw usageError('tag is needed when pushing to registry', '-t NAME', 1)
    return [{ ...output, names }]
  })
}

/** `default`, `ID=SOCKET`, `ID=KEY,KEY`. */
function sshWish(text: string): SshWish {
  const equals = text.indexOf('=')
  const id = equals === -1 ? text : text.slice(0, equals)
  if (id === '') throw usageError(`invalid ssh value ${JSON.stringify(text)}`, '--ssh default, --ssh ID=PATH', 1)
  return { id, paths: equals === -1 ? [] : text.slice(equals + 1).split(',') }
}

function timestamp(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,11}$/.test(text)) throw usageError(`invalid timestamp: ${text}`, 'seconds since 1970', 1)
  return Number(text)
}

/** `id=x,src=FILE`, `id=x,env=NAME`, `src=FILE`; as Docker a bare id means the variable or the file of that name. */
async function readSecret(text: string): Promise<[string, Buffer]> {
  const fields = new Map(
    text.split(',').map((field) => {
      const equals = field.indexOf('=')
      if (equals === -1) throw usageError(`invalid secret ${JSON.stringify(text)}: invalid field '${field}' must be a key=value pair`, 'id=NAME,src=FILE', 1)
      return [field.slice(0, equals), field.slice(equals + 1)] as const
    }),
  )
  const file = fields.get('src') ?? fields.get('source')
  const env = fields.get('env')
  const id = fields.get('id') ?? (file === undefined ? env : basename(file))
  if (id === undefined || id === '') throw usageError(`invalid secret ${JSON.stringify(text)}: id is missing`, 'id=NAME,src=FILE', 1)
  if (file === undefined || fields.get('type') === 'env') {
    const value = process.env[env ?? id]
    if (value !== undefined) return [id, Buffer.from(value)]
    if (env !== undefined) throw new LichenError(`secret ${id}: the environment variable ${env} is not set`, { code: 'NO_SECRET', exitCode: 1 })
  }
  const path = resolve(file ?? join('.', id))
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new LichenError(`failed to stat secret ${id}: ${path}: ${error.code === 'ENOENT' ? 'no such file or directory' : error.message}`, {
      code: 'NO_SECRET',
      exitCode: 1,
    })
  })
  if (content.length > 500 * 1024) throw new LichenError(`secret ${id} is larger than the 500 KiB that a secret may have`, { code: 'NO_SECRET', exitCode: 1 })
  return [id, content]
}
