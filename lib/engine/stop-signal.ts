import { builtin } from '../system/builtin.ts'
import { LichenError } from '../system/errors.ts'

/** Number of a signal named as Docker allows: 9, KILL, SIGKILL, sigkill, RTMIN+3. Throws BAD_SIGNAL, with this exit code. */
export function signalNumber(text: string, exitCode = 1): number {
  const name = text.toUpperCase().replace(/^SIG/, '')
  if (/^\d+$/.test(name)) {
    const number = Number(name)
    if (number >= 1 && number <= 64) return number
  }
  const known = (builtin.os.constants.signals as Record<string, number>)[`SIG${name}`]
  if (known !== undefined) return known
  const realtime = /^RTMIN(?:\+(\d+))?$|^RTMAX(?:-(\d+))?$/.exec(name)
  if (realtime !== null) {
    const number = name.startsWith('RTMIN') ? 34 + Number(realtime[1] ?? 0) : 64 - Number(realtime[2] ?? 0)
    if (number >= 34 && number <= 64) return number
  }
  throw new LichenError(`invalid signal: ${text}`, { code: 'BAD_SIGNAL', exitCode })
}
