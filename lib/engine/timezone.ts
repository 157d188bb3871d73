import type { SourceMount } from '../plan/spec-input.ts'
import { LichenError } from '../system/errors.ts'
import { realpath, stat } from '../system/small-files.ts'

const DATABASE = '/usr/share/zoneinfo'

/** `--tz`: the host's file of that zone, as the container's /etc/localtime. Throws BAD_TIMEZONE. */
export async function timezoneMounts(timezone: string | undefined): Promise<SourceMount[]> {
  if (timezone === undefined) return []
  const wanted = timezone === 'local' ? '/etc/localtime' : `${DATABASE}/${timezone}`
  const path = await realpath(wanted).catch(() => undefined)
  const found = path !== undefined && (await stat(path)).isFile() && (timezone === 'local' || (path.startsWith(`${DATABASE}/`) && !timezone.includes('..')))
  if (!found) {
    throw new LichenError(`unknown time zone ${timezone}`, {
      code: 'BAD_TIMEZONE',
      hint: `Area/Location, as below ${DATABASE} of the host (Debian: apt install tzdata), or local`,
    })
  }
  return [{ type: 'bind', source: path, target: '/etc/localtime', readOnly: true, options: [] }]
}
