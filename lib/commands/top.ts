import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { alignColumns } from '../cli/table.ts'
import { namedColumns, type TopProcess, topDescriptors, topTable } from '../cli/top-columns.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import type { LiveRecord } from '../container/record.ts'
import { hostPs } from '../engine/host-ps.ts'
import { type ContainerProcess, namesIn, pidsOf, processesOf } from '../engine/processes.ts'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { openContext } from '../system/open-context.ts'
import { bootTime, residentBytes } from '../system/proc.ts'
import { printLines } from './print.ts'
import { latestContainer } from './targets.ts'

export const top = command({
  name: 'top',
  summary: 'Display the running processes of a container',
  usage: '[OPTIONS] CONTAINER [ps OPTIONS|COLUMN...]',
  details: `Columns: ${topDescriptors.join(' ')}`,
  options: optionTable({ latest: { type: 'boolean', short: 'l', description: 'Of the container created last' } }),
  positionals: { min: 0, max: Infinity, stopAtFirst: true, complete: 'container' },
  async run({ options, positionals }, globals) {
    if (!options.latest && positionals.length === 0) throw usageError('"lichen top" requires at least 1 argument.', "See 'lichen top --help'.", 1)
    const wanted = options.latest ? positionals : positionals.slice(1)
    checkPsOptions(wanted)
    const context = await openContext(globals)
    const view = options.latest ? await latestContainer(context) : await findContainer(context, positionals[0]!)
    const { live, record } = view
    if (view.status === 'restarting')
      throw new LichenError(`Container ${record.id} is restarting, wait until the container is running`, { code: 'NOT_RUNNING', exitCode: 1 })
    if (live === undefined) throw new LichenError(`container ${record.id} is not running`, { code: 'NOT_RUNNING', exitCode: 1 })
    const columns = namedColumns(wanted)
    const own = columns !== undefined || wanted.length === 0 || (wanted.length === 1 && wanted[0] === '-ef')
    const rows = own ? await ownTable(live, columns) : await hostPs(context, view, wanted, await pidsOf(live))
    printLines(
      alignColumns(
        rows.map((cells) => cells.join('\t')),
        20,
      ),
    )
    return 0
  },
})

/** Docker's rule: no column may call itself PID who isn't. Throws USAGE. */
function checkPsOptions(options: readonly string[]): void {
  for (const [, column] of ` ${options.join(' ')}`.matchAll(/\s+(\S*)=\s*PID\S*/g)) {
    if (column !== 'pid') throw usageError(`specifying "${column}=PID" is not allowed`, undefined, 1)
  }
}

/** Without any ps: a table of what /proc says. */
async function ownTable(live: LiveRecord, columns: string[] | undefined): Promise<string[][]> {
  const [processes, names, boot] = await Promise.all([processesOf(live), namesIn(live), bootTime()])
  const user = (id: number | undefined) => (id === undefined ? 'nobody' : (names.user(id) ?? String(id)))
  const group = (id: number | undefined) => (id === undefined ? 'nogroup' : (names.group(id) ?? String(id)))
  const shown = processes.map(
    (process: ContainerProcess): TopProcess => ({
      ...process,
      residentBytes: residentBytes(process),
      user: user(process.uid),
      group: group(process.gid),
      realUser: user(process.realUid),
      realGroup: group(process.realGid),
      hostUser: addon.passwordEntry({ uid: process.hostUid })?.name ?? String(process.hostUid),
    }),
  )
  return topTable(shown, columns, { now: Date.now(), boot })
}
