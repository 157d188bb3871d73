import { writeFile } from 'node:fs/promises'
import { StageMissing } from '../build/stages.ts'
import { parseCall } from '../cli/build-calls.ts'
import { buildTable } from '../cli/build-table.ts'
import { command } from '../cli/command.ts'
import { buildImage } from '../engine/build.ts'
import { withBuildSession } from '../engine/build-container.ts'
import type { Output } from '../engine/build-outputs.ts'
import type { BuiltImages } from '../engine/build-results.ts'
import { withSshAgents } from '../engine/build-ssh.ts'
import { collectGarbage } from '../engine/collect-garbage.ts'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream, writeErr } from '../system/output.ts'
import { answerCall, requireChecks } from './build-call.ts'
import { type BuildProgress, noProgress, plainProgress, quietProgress } from './build-progress.ts'
import { readNamedContexts, readSource, type SourcePlace } from './build-source.ts'
import { checkSupported, parseWish } from './build-wish.ts'
import { printLines } from './print.ts'
import { writeArchive } from './write-to.ts'

export const build = command({
  name: 'build',
  summary: 'Build an image from a Dockerfile',
  usage: '[OPTIONS] PATH | URL | -',
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
    const call = parseCall(options.check ? 'check' : options.call)
    const isCall = call.kind !== 'build'
    const quiet = isCall || options.quiet || options.progress === 'quiet'
    const progress = isCall
      ? noProgress
      : quiet
        ? quietProgress()
        : await progressOf(options.progress === 'auto' ? (process.env['BUILDKIT_PROGRESS'] ?? 'auto') : options.progress)
    try {
      const image = await withBuildSession(context, stop.signal, async (session) => {
        const { sshWishes, ...asked } = wish
        const keepGitDir = ['1', 'true'].includes(wish.buildArgs.get('BUILDKIT_CONTEXT_KEEP_GIT_DIR') ?? '')
        return withSshAgents({ context, session, wishes: isCall ? [] : sshWishes }, async (ssh) => {
          const place = (signal: AbortSignal): SourcePlace => ({ context, session, signal, secrets: wish.secrets, ssh, keepGitDir })
          const source = await readSource(place(stop.signal), where, options.file)
          if (isCall) return answerCall(context, call, { ...source, ...asked, contexts })
          requireChecks(source.dockerfile, wish.buildArgs)
          return buildImage({
            ...source,
            ...asked,
            context,
            session,
            contexts,
            openContext: (name, signal) => open(place(signal), name),
            ssh,
            signal: stop.signal,
            onEvent: progress.event,
            write: writeArchive,
          })
        })
      })
      progress.finish()
      if (typeof image === 'number') return image
      const isImage = wish.outputs.some(({ kind }) => kind !== 'local' && kind !== 'tar')
      const id = image.index?.digest ?? image.main.id
      if (options.iidfile !== undefined && isImage) await writeFile(options.iidfile, id)
      if (options['metadata-file'] !== undefined) await writeMetadata(options['metadata-file'], isImage ? image : undefined, wish.outputs)
      if (quiet && isImage && !wish.outputs.some((output) => 'dest' in output && output.dest === undefined)) printLines([id])
      return 0
    } catch (error) {
      progress.finish()
      await collectGarbage(context).catch(() => undefined)
      throw explain(error)
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, cancel)
    }
  },
})

async function progressOf(mode: string): Promise<BuildProgress> {
  if (mode === 'rawjson') return (await import('./build-json.ts')).jsonProgress(writeErr)
  const terminal = addon.isTerminal({ fd: 2 })
  if (mode === 'tty' && !terminal)
    throw new LichenError('failed to get console: standard error is no terminal', { code: 'NO_TERMINAL', exitCode: 1, hint: '--progress plain' })
  if (mode === 'plain' || !terminal || process.env['TERM'] === 'dumb') return plainProgress()
  return (await import('./build-screen.ts')).screenProgress(outputStream(2), process.env)
}

/** As buildx writes it. */
async function writeMetadata(path: string, image: BuiltImages | undefined, outputs: readonly Output[]): Promise<void> {
  const names = [...new Set(outputs.flatMap((output) => ('names' in output ? output.names : [])))]
  const described =
    image === undefined
      ? {}
      : {
          ...(image.index === undefined ? { 'containerimage.config.digest': image.main.id } : {}),
          'containerimage.descriptor': image.index ?? image.main.manifest,
          'containerimage.digest': (image.index ?? image.main.manifest).digest,
          ...(names.length === 0 ? {} : { 'image.name': names.join(',') }),
        }
  await writeFile(path, `${JSON.stringify(described, undefined, 2)}\n`)
}

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
