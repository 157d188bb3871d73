import type { ContainerRecord, HealthRecord } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import { humanDuration } from './humanise.ts'

/** "Up 3 seconds", "Exited (0) 2 minutes ago". */
export function statusWords({ status, live, exit, health }: ContainerView, now: number): string {
  const since = (time: string) => humanDuration(now - Date.parse(time))
  if (live !== undefined && (status === 'running' || status === 'paused'))
    return `Up ${since(live.startedAt)}${status === 'paused' ? ' (Paused)' : healthWords(health)}`
  if (status === 'restarting' && exit !== undefined) return `Restarting (${exit.exitCode}) ${since(exit.finishedAt)} ago`
  if (exit === undefined || status === 'created') return 'Created'
  if (exit.finishedAt.startsWith('0001-')) return `Exited (${exit.exitCode})`
  return `Exited (${exit.exitCode}) ${since(exit.finishedAt)} ago`
}

const healthWords = (health: HealthRecord | undefined) =>
  health === undefined ? '' : health.Status === 'starting' ? ' (health: starting)' : ` (${health.Status})`

/** "127.0.0.1:8080->80/tcp, 443/tcp": published ports while it runs, and what the image merely exposes. */
export function portWords({ record, status }: ContainerView): string {
  if (status !== 'running' && status !== 'paused') return ''
  const published = record.ports.map(({ hostIp, hostPort, containerPort, protocol }) => {
    const ip = hostIp === '' ? '0.0.0.0' : hostIp.includes(':') ? `[${hostIp}]` : hostIp
    return `${ip}:${hostPort}->${containerPort}/${protocol}`
  })
  const exposed = Object.keys(record.image.config.ExposedPorts ?? {})
    .map((port) => (port.includes('/') ? port : `${port}/tcp`))
    .filter((port) => !record.ports.some(({ containerPort, protocol }) => port === `${containerPort}/${protocol}`))
  return [...exposed, ...published].join(', ')
}

/** The name that `--network` stands for. */
export const networkName = ({ options }: ContainerRecord) =>
  ['', 'default', 'bridge', 'private'].includes(options.network) ? 'slirp4netns' : options.network.replace(/^slirp4netns:.*/, 'slirp4netns')

/** Labels of the image under those of the container. */
export const allLabels = ({ options, image }: ContainerRecord): Record<string, string> => ({ ...image.config.Labels, ...options.labels })
