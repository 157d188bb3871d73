import type { ContainerView } from '../container/view.ts'
import { commandLine } from '../plan/command-line.ts'
import { allLabels, networkName, portWords, statusWords } from './container-words.ts'
import { ellipsis, goTime, humanDuration, humanSize, shortId } from './humanise.ts'
import { quote } from './template/literals.ts'

export const containerTable = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}'

export const containerTableWithSize = `${containerTable}\t{{.Size}}`

export const containerRaw = (size: boolean) => `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
${size ? 'size: {{.Size}}\n' : ''}`

export const containerHeads = {
  ID: 'CONTAINER ID', Image: 'IMAGE', Command: 'COMMAND', CreatedAt: 'CREATED AT', RunningFor: 'CREATED', Ports: 'PORTS', State: 'STATE', Status: 'STATUS',
  Size: 'SIZE', Names: 'NAMES', Labels: 'LABELS', Mounts: 'MOUNTS', LocalVolumes: 'LOCAL VOLUMES', Networks: 'NETWORKS', Pid: 'PID', ExitCode: 'EXIT CODE',
} // biome-ignore format: pairs

/** One line of `ps`: Docker's fields, computed when a template asks; `Pid` and `ExitCode` are podman's. */
export function containerRow(
  view: ContainerView,
  { truncate, now, size }: { truncate: boolean; now: number; size?: { rw: number; rootFs: number } | undefined },
) {
  const { record, status, live, exit } = view
  const cut = (text: string, length: number) => (truncate ? ellipsis(text, length) : text)
  const labels = () => allLabels(record)
  return {
    get Command() {
      const words = commandLine(record).map((word) => (word.includes(' ') ? `'${word}'` : word))
      return quote(cut(words.join(' '), 20))
    },
    get CreatedAt() {
      return goTime(new Date(record.created))
    },
    ExitCode: exit?.exitCode ?? 0,
    ID: truncate ? shortId(record.id) : record.id,
    Image: record.image.reference,
    get Labels() {
      return Object.entries(labels())
        .map(([key, value]) => `${key}=${value}`)
        .join(',')
    },
    Label: (name: string) => labels()[name] ?? '',
    get LocalVolumes() {
      return String(record.mounts.filter((mount) => mount.type === 'volume').length)
    },
    get Mounts() {
      return record.mounts.map((mount) => cut(mount.type === 'volume' ? mount.name : mount.source, 15)).join(',')
    },
    Names: record.name,
    get Networks() {
      return networkName(record)
    },
    Pid: live?.pid ?? 0,
    get Ports() {
      return portWords(view)
    },
    get RunningFor() {
      return `${humanDuration(now - Date.parse(record.created))} ago`
    },
    get Size() {
      if (size === undefined) return '0B'
      return size.rootFs > 0 ? `${humanSize(size.rw)} (virtual ${humanSize(size.rootFs)})` : humanSize(size.rw)
    },
    State: status,
    get Status() {
      return statusWords(view, now)
    },
  }
}
