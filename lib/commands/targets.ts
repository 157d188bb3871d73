import { containerFilter, parseContainerFilters } from '../cli/container-filter.ts'
import { optionTable } from '../cli/options.ts'
import { checkPositionals } from '../cli/parse.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { listContainers } from '../container/list.ts'
import type { ContainerView } from '../container/view.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { readFile } from '../system/small-files.ts'
import { printLines } from './print.ts'
import { printFailures } from './print-failures.ts'

/** A container that a verb is to work on, as the user called it. */
export interface Target {
  name: string
  find(): Promise<ContainerView>
}

/** podman's ways to say which containers are meant, for verbs that take several. */
export const targetTable = optionTable({
  all: { type: 'boolean', description: 'All containers' },
  latest: { type: 'boolean', description: 'The container created last' },
  filter: { type: 'list', metavar: 'filter', description: 'All containers that fit name=value' },
  ignore: { type: 'boolean', description: 'A container that does not exist is no error' },
  cidfile: { type: 'list', metavar: 'file', description: 'The container whose ID the file holds' },
})

interface Wish {
  names: readonly string[]
  all?: boolean
  latest?: boolean
  filter?: readonly string[]
  /** Files of --cidfile, whose containers stand beside the named ones. */
  cidfile?: readonly string[]
  /** A file that is not there is passed over. */
  ignore?: boolean
}

/** The containers of a command line, those of `--all` and `--filter` narrowed by `fits`. Throws USAGE. */
export async function chooseTargets(context: Context, verb: string, wish: Wish, fits: (view: ContainerView) => boolean = () => true): Promise<Target[]> {
  const { all = false, latest = false, filter = [], cidfile = [], ignore = false } = wish
  const names = [...wish.names, ...(await idsFrom(cidfile, ignore))]
  // Nothing is left of files that were not there.
  if (cidfile.length > 0 && names.length === 0 && !all && !latest) return []
  const ways = [names.length > 0, all, latest, filter.length > 0 && !all].filter(Boolean).length
  if (ways > 1) throw usageError(`"lichen ${verb}" takes names, --all, --latest or --filter, one of them`, `See 'lichen ${verb} --help'.`)
  if (ways === 0) checkPositionals(names, { min: 1, max: Infinity }, `lichen ${verb}`, 1)
  if (latest) return [given(await latestContainer(context))]
  if (names.length > 0) return names.map((name) => ({ name, find: () => findContainer(context, name) }))
  const passes = await containerFilter(parseContainerFilters(filter), async (name) => (await findContainer(context, name)).record.created)
  const views = (await listContainers(context)).filter((view) => fits(view) && passes(view))
  return views.map(given)
}

async function idsFrom(files: readonly string[], ignore: boolean): Promise<string[]> {
  const ids = await Promise.all(
    files.map(async (path) => {
      try {
        return (await readFile(path, 'utf8')).trim()
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (ignore && code === 'ENOENT') return ''
        throw usageError(`reading CIDFile: open ${path}: ${code === 'ENOENT' ? 'no such file or directory' : code}`)
      }
    }),
  )
  return ids.filter((id) => id !== '')
}

const given = (view: ContainerView): Target => ({ name: view.record.id, find: async () => view })

/** The container of a verb that takes one: a name, or --latest in its place. Throws USAGE. */
export async function oneTarget(context: Context, verb: string, name: string | undefined, latest: boolean): Promise<ContainerView> {
  checkPositionals(name === undefined ? [] : [name], { min: latest ? 0 : 1, max: latest ? 0 : 1 }, `lichen ${verb}`, 1)
  return name === undefined ? latestContainer(context) : findContainer(context, name)
}

/** Throws CONTAINER_NOT_FOUND where there is none. */
export async function latestContainer(context: Context): Promise<ContainerView> {
  const [view] = await listContainers(context)
  if (view === undefined) throw new LichenError('there is no container', { code: 'CONTAINER_NOT_FOUND', exitCode: 1 })
  return view
}

interface EachOptions {
  /** How many are worked on at a time; where it is mostly waiting, Infinity. */
  atOnce?: number
  /** Makes something else than a failure of a container that does not exist: what is printed, "" for nothing. */
  missing?: ((error: LichenError) => string) | undefined
  /** Docker's last line, before the names of those that failed. */
  sum?: string
}

/**
 * Works on each container and prints the text that `work` gives, or its name, in the order of the command line. As Docker:
 * a failure keeps no other from being worked on, each is said, and the exit code is 1.
 */
export async function onEach(
  targets: readonly Target[],
  work: (view: ContainerView) => Promise<unknown>,
  { atOnce = 8, missing, sum }: EachOptions = {},
): Promise<number> {
  const results: Promise<string>[] = []
  const begin = (at: number) => {
    const target = targets[at]
    if (target === undefined) return
    const result = target.find().then(async (view) => {
      const said = await work(view)
      return typeof said === 'string' ? said : target.name
    })
    results[at] = missing === undefined ? result : result.catch((error: unknown) => insteadOfMissing(error, missing))
    // It is looked at in its turn.
    results[at].catch(() => {})
  }
  for (let at = 0; at < Math.min(atOnce, targets.length); at++) begin(at)
  const failures: Error[] = []
  const failed: string[] = []
  for (let at = 0; at < targets.length; at++) {
    try {
      const line = await results[at]!
      if (line !== '') printLines([line])
    } catch (error) {
      failures.push(withExitCode(error, 1))
      failed.push(targets[at]!.name)
    }
    begin(at + atOnce)
  }
  return printFailures(failures, { sum: sum === undefined ? undefined : `${sum}: ${failed.join(', ')}` })
}

function insteadOfMissing(error: unknown, missing: (error: LichenError) => string): string {
  if (error instanceof LichenError && error.code === 'CONTAINER_NOT_FOUND') return missing(error)
  throw error
}

/** The same error with another exit code. */
export function withExitCode(error: unknown, exitCode: number): Error {
  if (!(error instanceof LichenError)) return error instanceof Error ? error : new Error(String(error))
  if (error.exitCode === exitCode) return error
  const { message, code, hint, cause } = error
  return new LichenError(message, { code, exitCode, ...(hint === undefined ? {} : { hint }), ...(cause === undefined ? {} : { cause }) })
}
