import { closeSync } from 'node:fs'
import type { ContainerView } from '../container/view.ts'
import { unshareProgram } from '../runtime/unshare.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { type Captured, drain, requireProgram } from '../system/spawn.ts'
import { containerIdentity } from './identity.ts'

/**
 * The host's ps, under the id map of the container: it shows users as the container counts, by the host's names. Gives its lines that
 * are about these processes, each cut into as many cells as there are heads. Throws BAD_PS.
 */
export async function hostPs(context: Context, { record }: ContainerView, options: readonly string[], pids: readonly number[]): Promise<string[][]> {
  const program = await requireProgram('ps')
  const { container: identity } = await containerIdentity(context, record.options)
  const run = (args: readonly string[]) => captureUnder(context, identity, [program, ...args])
  // Some options (f for one) go together with no list of processes.
  const listed = await run([...options, '-q', pids.join(',')])
  const { code, stdout, stderr } = listed.code === 0 ? listed : await run(options)
  if (code !== 0) throw new LichenError(`Error running ps: ${stderr.trim().split('\n')[0]}`, { code: 'BAD_PS', exitCode: 1 })
  return ofProcesses(stdout, pids)
}

/** Lines of ps whose PID is one of these; those without a PID of their own ("-", threads) go with the line before. Throws BAD_PS. */
export function ofProcesses(output: string, pids: readonly number[]): string[][] {
  const [head = '', ...lines] = output.split('\n').filter((line) => line.trim() !== '')
  const heads = head.trim().split(/\s+/)
  const at = heads.indexOf('PID')
  if (at === -1) throw new LichenError("Couldn't find PID field in ps output", { code: 'BAD_PS', exitCode: 1, hint: 'with -o, name pid among the columns' })
  let with_ = false
  const rows = lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const pid = fields[at] ?? ''
    if (pid !== '-') with_ = pids.includes(Number(pid))
    return with_ ? [[...fields.slice(0, heads.length - 1), fields.slice(heads.length - 1).join(' ')]] : []
  })
  return [heads, ...rows]
}

async function captureUnder(context: Context, identity: Parameters<typeof unshareProgram>[0]['identity'], args: string[]): Promise<Captured> {
  const [outRead, outWrite] = addon.pipe({})
  const [errRead, errWrite] = addon.pipe({})
  const env = ['PATH', 'COLUMNS', 'LANG', 'LC_ALL', 'TZ'].flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]))
  const ended = unshareProgram({
    context,
    identity,
    args,
    env,
    fds: [
      [1, outWrite],
      [2, errWrite],
    ],
  })
  // It has been started by now, with copies of its own.
  for (const fd of [outWrite, errWrite]) closeSync(fd)
  const [stdout, stderr, code] = await Promise.all([drain(outRead), drain(errRead), ended])
  return { code, stdout, stderr }
}
