import { posix } from 'node:path'
import { digestSources } from '../build/context-content.ts'
import type { BuildContext, ContextSource } from '../build/context-files.ts'
import type { KnownDigests } from '../build/known-digests.ts'
import { plainCopy, type Work } from '../build/work.ts'
import type { BuiltLayer } from '../image/add-built.ts'
import type { CreateOptions } from '../plan/options.ts'
import { statFiles, type ViewInput } from '../runtime/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import type { BuildSession } from './build-container.ts'
import { contextSources, copyStep, withWay, write } from './build-copy.ts'
import { layerUpon } from './build-files.ts'
import type { Provenance } from './build-mounts.ts'
import { ownerIn } from './build-owner.ts'
import type { RemoteSource } from './build-remote.ts'
import { runStep } from './build-run.ts'

/** Where steps work, and with what. */
export interface BuildSite {
  context: Context
  session: BuildSession
  files: BuildContext
  known: KnownDigests
  /** Of every RUN. */
  options: Partial<CreateOptions>
  secrets: ReadonlyMap<string, Buffer>
  /** Sockets of agents, by id. */
  ssh: ReadonlyMap<string, string>
  /** Seconds since 1970 that all is as old as, at most. */
  timestamp: number | undefined
  signal: AbortSignal
  output(bytes: Uint8Array): void
}

export interface PreparedStep {
  /** What decides about the result, beside the layers below. */
  facts: object
  /** Does it; undefined: it changes no file. */
  make(): Promise<BuiltLayer | undefined>
}

/** What a step needs of elsewhere: layers of the stage or image that it copies from, and what it adds from addresses. */
export interface Elsewhere {
  from: string[] | undefined
  remotes: ReadonlyMap<string, RemoteSource>
  /** Of mounts, by the word behind `from`. */
  origins: ReadonlyMap<string, Provenance>
}

/** What a step comes to, before anything is done. Throws UNSUPPORTED_BUILD. */
export async function prepareStep(site: BuildSite, work: Work, layers: string[], { from, remotes, origins }: Elsewhere): Promise<PreparedStep> {
  const { context, session, files, known, options, secrets, ssh, timestamp: latest, signal, output } = site
  switch (work.kind) {
    case 'none':
      return { facts: {}, make: async () => undefined }
    case 'workdir':
      return { facts: work, make: () => makeWorkdir(site, layers, work) }
    case 'copy': {
      const sources = from === undefined ? contextSources(files, work, (source) => remotes.has(source)) : []
      const digest = from === undefined ? await digestSources(sources, { known, signal }) : ''
      return {
        facts: { ...work, from: from ?? '', digest, remotes: [...remotes.values()].map(({ facts }) => facts) },
        async make() {
          const fetched: ContextSource[] = []
          for (const remote of remotes.values()) fetched.push(await remote.open())
          return copyStep({ context, session, layers, work, sources: [...sources, ...fetched], from, latest })
        },
      }
    }
    case 'run': {
      const { secretEnv: _, ...facts } = work
      const sources: (string | string[])[] = []
      for (const mount of work.mounts) {
        const { layers: below, files: there = files } = mount.from === undefined ? {} : origins.get(mount.from)!
        if (below !== undefined) sources.push(below)
        else if (mount.type === 'bind')
          sources.push(await digestSources(contextSources(there, plainCopy(mount.source === '' ? '.' : mount.source)), { known, signal }))
      }
      const { addHosts, ulimits, shmSize } = options
      return {
        facts: { ...facts, sources, addHosts, ulimits, shmSize, network: work.network === 'default' ? (options.network ?? '') : work.network },
        make: () => runStep({ context, session, layers, work, options, files, origins, secrets, ssh, latest, signal, output }),
      }
    }
  }
}

/** A link that leads nowhere yet, once or more: the directory is made where it leads to. */
async function behindLinks(files: ViewInput, path: string) {
  for (let place = path, links = 0; ; links++) {
    const [found] = await statFiles({ ...files, paths: [place], follow: true })
    if (found?.type !== 'symlink' || links === MOST_LINKS) return { found, place }
    place = posix.resolve(posix.dirname(place), found.link)
  }
}

/** As the kernel's own. */
const MOST_LINKS = 40

/** A layer only where the directory is not there yet. It and what is missing above it are the user's of the step. */
const makeWorkdir = ({ context, session, timestamp }: BuildSite, layers: string[], { path, user }: { path: string; user: string }) =>
  layerUpon({ context, session, layers }, timestamp, async (files) => {
    const { found, place } = await behindLinks(files, path)
    if (found?.type === 'directory') return false
    if (found !== undefined) throw new LichenError(`cannot mkdir: ${path} is not a directory`, { code: 'CANNOT_OVERWRITE', exitCode: 1 })
    const owner = (await ownerIn(files, user)) ?? { uid: 0, gid: 0 }
    await write(files, await withWay(files, { path: place, directory: true }, []), { signal: session.signal, mode: undefined, owner, seconds: timestamp })
    return true
  })
