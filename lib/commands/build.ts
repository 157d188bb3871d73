import { readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { StageMissing } from '../build/stages.ts'
import { buildTable } from '../cli/build-table.ts'
import { command } from '../cli/command.ts'
import { addHost } from '../cli/create-options.ts'
import { parseEnv, parseLabels } from '../cli/env.ts'
import { parseLimits, parseUlimit } from '../cli/limits.ts'
import type { OptionValues } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { type BuildInput, buildImage } from '../engine/build.ts'
import { withBuildSession } from '../engine/build-container.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { tagOnly } from '../image/tag.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { plainProgress } from './build-progress.ts'
import { readNamedContexts, readSource, type SourcePlace } from './build-source.ts'
import { printLines } from './print.ts'

type Flags = OptionValues<typeof buildTable>

export const build = command({
  name: 'build',
  summary: 'Build an image from a Dockerfile',
  usage: '[OPTIONS] PATH | -',
  options: buildTable,
  positionals: { min: 1, max: 1, complete: 'file' },
  usageExitCode: 1,
  async run({ options, positionals }, globals) {
    checkSupported(options)
    const [where = ''] = positionals
    const wish = await parseWish(options)
    const { contexts, open } = readNamedContexts(options['build-context'])
    const context = await openContext(globals)
    const stop = new AbortController()
    const cancel = () => stop.abort()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, cancel)
    const quiet = options.quiet || options.progress === 'quiet'
    try {
      const image = await withBuildSession(context, async (session) => {
        const keepGitDir = ['1', 'true'].includes(wish.buildArgs.get('BUILDKIT_CONTEXT_KEEP_GIT_DIR') ?? '')
        const place = (signal: AbortSignal): SourcePlace => ({ context, session, signal, secrets: wish.secrets, keepGitDir })
        return buildImage({
          ...(await readSource(place(stop.signal), where, options.file)),
          ...wish,
          context,
          session,
          contexts,
          openContext: (name, signal) => open(place(signal), name),
          signal: stop.signal,
          onEvent: quiet ? () => {} : plainProgress(),
        })
      })
      if (options.iidfile !== undefined) await writeFile(options.iidfile, image.id)
      if (quiet) printLines([image.id])
      return 0
    } catch (error) {
      await collectGarbage(context).catch(() => undefined)
      throw explain(error)
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, cancel)
    }
  },
})

/** The one place where what failed becomes the failure of the build. */
function explain(error: unknown): unknown {
  if (error instanceof StageMissing) {
    return new LichenError(error.message, {
      code: 'NO_SUCH_STAGE',
      exitCode: 1,
      hint: error.names.length === 0 ? 'no stage has a name: FROM IMAGE AS NAME' : `there are: ${error.names.join(' ')}`,
    })
  }
  if (!(error instanceof LichenError) || error.exitCode !== 125) return error
  // As Docker's: 125 is for run and its kin.
  const { message, code, hint } = error
  return new LichenError(message, { code, exitCode: 1, cause: error, ...(hint === undefined ? {} : { hint }) })
}

/** Better no build than one that means something else. */
function checkSupported(flags: Flags): void {
  const refuse = (flag: string, hint?: string) =>
    new LichenError(`${flag} is not supported`, { code: 'UNSUPPORTED_BUILD', exitCode: 1, hint: hint ?? 'docs/build.md says what is' })
  if (flags.ssh.length > 0) throw refuse('--ssh')
  if (flags.output.length > 0) throw refuse('--output', 'build with -t and use lichen save, or lichen image mount')
  if (flags['cache-to'].length > 0) throw refuse('--cache-to', 'the cache is in the data root')
  if (flags['cache-from'].length > 0) throw refuse('--cache-from', 'the cache is in the data root')
  if (flags.squash) throw refuse('--squash', 'a last stage FROM scratch with COPY --from has the same effect')
  for (const name of ['sbom', 'provenance'] as const) {
    if (!['', 'false', '0'].includes(flags[name])) throw refuse(`--${name}`)
  }
  if (!['auto', 'plain', 'quiet', 'tty'].includes(flags.progress)) throw usageError(`invalid progress type: ${flags.progress}`, 'auto, plain or quiet', 1)
  if (flags.progress === 'tty') throw refuse('--progress=tty', '--progress=plain')
  if (!['', 'default', 'oci', 'chroot', 'rootless'].includes(flags.isolation)) throw usageError(`unknown isolation: ${flags.isolation}`, undefined, 1)
}

async function parseWish(
  flags: Flags,
): Promise<Omit<BuildInput, 'context' | 'session' | 'dockerfile' | 'files' | 'contexts' | 'openContext' | 'signal' | 'onEvent'>> {
  const pull = flags.pull === '' || flags.pull === 'true' || flags.pull === 'always' ? 'always' : flags.pull === 'never' ? 'never' : 'missing'
  return {
    target: flags.target || undefined,
    buildArgs: new Map(
      parseEnv(flags['build-arg'], process.env).map((entry) => {
        const equals = entry.indexOf('=')
        return [entry.slice(0, equals), entry.slice(equals + 1)]
      }),
    ),
    platform: flags.platform || undefined,
    noCache: flags['no-cache'],
    pull,
    labels: parseLabels(flags.label),
    annotations: parseLabels(flags.annotation),
    references: [...new Set(flags.tag.map(tagOnly))],
    options: {
      network: flags.network === 'default' ? '' : flags.network,
      addHosts: flags['add-host'].map(addHost),
      ulimits: flags.ulimit.map(parseUlimit),
      limits: parseLimits(flags),
    },
    secrets: new Map(await Promise.all(flags.secret.map(readSecret))),
    timestamp: timestamp(flags.timestamp ?? process.env['SOURCE_DATE_EPOCH']),
  }
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
