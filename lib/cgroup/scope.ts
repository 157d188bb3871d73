import { LichenError } from '../system/errors.ts'
import { debug } from '../system/log.ts'
import { stat } from '../system/small-files.ts'
import { connectBus, type DbusConnection, DbusError } from './dbus.ts'
import type { DbusValue } from './dbus-wire.ts'

/** A service manager that can be spoken to: the user's own, or as root the machine's. */
export interface ServiceManager {
  /**
   * Puts `pid` into a new transient scope with a delegated cgroup and returns when it is there.
   * Throws SCOPE_FAILED.
   */
  startScope(input: { name: string; pid: number; slice: string; description: string }): Promise<void>
  close(): void
}

const SYSTEMD = { destination: 'org.freedesktop.systemd1', path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager' }
const BUS = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' }
const JOB_TIMEOUT = 30_000

/** undefined where there is no bus, or nobody on it that manages services. */
export async function connectServiceManager(uid: number): Promise<ServiceManager | undefined> {
  for (const path of busSockets(uid, process.env)) {
    if (!(await isSocket(path))) continue
    try {
      const bus = await connectBus(path, uid)
      const [managed] = await bus.call({ ...BUS, member: 'NameHasOwner', signature: 's', body: [SYSTEMD.destination] })
      if (managed === true) return serviceManager(bus)
      bus.close()
    } catch (error) {
      debug(`${path}: ${(error as Error).message}`)
    }
  }
  return undefined
}

/** Where the bus of this user's service manager may listen; abstract sockets are left out, systemd has none. */
export function busSockets(uid: number, env: Record<string, string | undefined>): string[] {
  if (uid === 0) return ['/run/dbus/system_bus_socket', '/var/run/dbus/system_bus_socket']
  const named = (env['DBUS_SESSION_BUS_ADDRESS'] ?? '').split(';').flatMap((address) => {
    const path = /^unix:(?:.*,)?path=([^,]+)/.exec(address)?.[1]
    return path === undefined ? [] : [decodeURIComponent(path)]
  })
  const runtimeDir = env['XDG_RUNTIME_DIR']
  const usual = [...(runtimeDir?.startsWith('/') ? [`${runtimeDir}/bus`] : []), `/run/user/${uid}/bus`]
  return [...new Set([...named, ...usual])]
}

const isSocket = (path: string) =>
  stat(path).then(
    (status) => status.isSocket(),
    () => false,
  )

function serviceManager(bus: DbusConnection): ServiceManager {
  return {
    async startScope(input) {
      try {
        await startAndWait(bus, input)
      } catch (error) {
        if (!(error instanceof DbusError)) throw error
        throw new LichenError(`systemd could not make the scope ${input.name}: ${error.message}`, {
          code: 'SCOPE_FAILED',
          hint: 'compare `systemctl --user status`; without any limit asked for, --cgroup-parent or a batch job does without systemd',
          cause: error,
        })
      }
    },
    close: () => bus.close(),
  }
}

async function startAndWait(
  bus: DbusConnection,
  { name, pid, slice, description }: { name: string; pid: number; slice: string; description: string },
): Promise<void> {
  // Asked for before the job exists, and all signals kept: the job may be over before its name has arrived.
  const removed = new Map<string, string>()
  let wake = () => {}
  bus.onSignal(({ member, body }) => {
    if (member !== 'JobRemoved') return
    removed.set(String(body[1]), String(body[3]))
    wake()
  })
  const rule = `type='signal',sender='${SYSTEMD.destination}',interface='${SYSTEMD.interface}',member='JobRemoved'`
  const property = (key: string, signature: string, value: DbusValue): DbusValue => [key, { signature, value }]
  const properties = [
    property('Description', 's', description),
    property('Slice', 's', slice),
    property('PIDs', 'au', [pid]),
    property('Delegate', 'b', true),
    // Nothing stays listed of a container that has ended, however it did.
    property('CollectMode', 's', 'inactive-or-failed'),
  ]
  const [, , [job]] = await Promise.all([
    bus.call({ ...BUS, member: 'AddMatch', signature: 's', body: [rule] }),
    // The bus carries JobRemoved only while somebody is subscribed.
    bus.call({ ...SYSTEMD, member: 'Subscribe' }),
    bus.call({ ...SYSTEMD, member: 'StartTransientUnit', signature: 'ssa(sv)a(sa(sv))', body: [name, 'fail', properties, []] }),
  ])
  const result = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new DbusError('timeout', `its job was not done in ${JOB_TIMEOUT / 1000} s`)), JOB_TIMEOUT)
    wake = () => {
      const ended = removed.get(String(job))
      if (ended === undefined) return
      clearTimeout(timer)
      resolve(ended)
    }
    wake()
  })
  if (result !== 'done') throw new DbusError('job', `its job ended as "${result}"`)
}
