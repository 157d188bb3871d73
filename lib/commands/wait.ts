import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { hasEndedSince, nextEnd } from '../container/next-end.ts'
import { type Sight, until } from '../container/until.ts'
import { type ContainerView, isActive, isRunning } from '../container/view.ts'

import { openContext } from '../system/open-context.ts'
import { chooseTargets, onEach, targetTable } from './targets.ts'

/** What --condition may wait for besides the container's end. */
const conditions: Readonly<Record<string, (sight: Sight, before: ContainerView) => boolean>> = {
  created: ({ now }) => now.status === 'created',
  running: ({ now }) => now.status === 'running',
  paused: ({ now }) => now.status === 'paused',
  healthy: ({ now }) => now.health?.Status === 'healthy' && isRunning(now),
  unhealthy: ({ now }) => now.health?.Status === 'unhealthy' && isRunning(now),
  removed: () => false,
  'next-exit': ({ now, monitored }, { exit }) => monitored || (now.exit !== undefined && now.exit.finishedAt !== exit?.finishedAt),
}
/** podman's and Docker's words for the same. */
const synonyms: Readonly<Record<string, string>> = {
  exited: 'stopped',
  'not-running': 'stopped',
  configured: 'created',
  initialized: 'created',
  removing: 'removed',
}

export const wait = command({
  name: 'wait',
  summary: 'Block until containers stop, then print their exit codes',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  options: optionTable({
    latest: { ...targetTable.latest, short: 'l' },
    ignore: { ...targetTable.ignore, description: 'Print -1 for a container that does not exist' },
    condition: { type: 'list', metavar: 'string', description: 'stopped (default), next-exit, running, healthy, unhealthy, created, paused or removed' },
  }),
  positionals: { min: 0, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    const wanted = [...new Set(options.condition.map((name) => synonyms[name] ?? name))]
    for (const name of wanted) {
      if (name !== 'stopped' && !Object.hasOwn(conditions, name))
        throw usageError(`${JSON.stringify(name)} is no condition to wait for`, `stopped ${Object.keys(conditions).join(' ')}`)
    }
    const context = await openContext(globals)
    const targets = await chooseTargets(context, 'wait', { latest: options.latest, names: positionals })
    const work = (view: ContainerView) => waitFor(view, wanted)
    return onEach(targets, work, { atOnce: Infinity, missing: options.ignore ? () => '-1' : undefined })
  },
})

/** What is printed: the exit code, or -1 where the container has not ended. */
async function waitFor(view: ContainerView, wanted: readonly string[]): Promise<string> {
  const holds = wanted.flatMap((name) => conditions[name] ?? [])
  // Asked for first: it holds the lock file open, in which the code survives the container.
  const ended = nextEnd(view).then((exit) => String(exit?.exitCode ?? 0))
  if (holds.length === 0) return ended
  ended.catch(() => {})
  const hasStopped = ({ monitored, now }: Sight) => wanted.includes('stopped') && (!monitored || hasEndedSince(view, now))
  let stopped = false
  const last = await until(view, (sight) => {
    stopped = hasStopped(sight)
    return sight.removed || stopped || holds.some((holdsNow) => holdsNow(sight, view))
  })
  if (wanted.includes('next-exit')) return String((await nextEnd(last))?.exitCode ?? 0)
  if (isActive(last) && !stopped) return '-1'
  return ended
}
