import { limitTable } from './limit-table.ts'
import { optionTable } from './options.ts'

const list = { type: 'list', metavar: 'list' } as const
const text = { type: 'string', metavar: 'string' } as const
const flag = { type: 'boolean' } as const

/** Flags of `run` and `create`. */
export const createTable = optionTable({
  ...limitTable,
  'add-host': { ...list, description: 'Add a host-to-IP mapping (host:ip)' },
  annotation: { ...list, description: 'Add an annotation to the container' },
  attach: { ...list, short: 'a', description: 'Attach to STDIN, STDOUT or STDERR' },
  'cap-add': { ...list, description: 'Add capabilities' },
  'cap-drop': { ...list, description: 'Drop capabilities' },
  'cgroup-parent': { ...text, description: "The container's cgroup is made beneath this one" },
  cgroupns: { ...text, default: 'private', description: 'Cgroup namespace (host|private)' },
  cidfile: { ...text, description: 'Write the container ID to the file' },
  device: { ...list, description: 'Add a host device to the container' },
  dns: { ...list, description: 'DNS servers' },
  'dns-option': { ...list, aliases: ['dns-opt'], description: 'DNS options' },
  'dns-search': { ...list, description: 'DNS search domains' },
  domainname: { ...text, description: 'NIS domain name' },
  entrypoint: { ...text, description: "Overwrite the image's ENTRYPOINT" },
  env: { ...list, short: 'e', description: 'Set environment variables' },
  'env-file': { ...list, description: 'Read environment variables from a file' },
  'group-add': { ...list, description: 'Add groups to join' },
  hostname: { ...text, short: 'h', description: 'Host name inside the container' },
  init: { ...flag, description: 'Run an init inside that forwards signals and reaps processes' },
  interactive: { ...flag, short: 'i', description: 'Keep STDIN open even if not attached' },
  ipc: { ...text, default: 'private', description: 'IPC namespace (host|private|container:ID)' },
  label: { ...list, short: 'l', description: 'Set metadata' },
  'label-file': { ...list, description: 'Read labels from a file' },
  'log-driver': { ...text, default: '', description: 'json-file, k8s-file or none' },
  'log-opt': { ...list, description: 'Options of the log driver (max-size, max-file)' },
  mount: { ...list, metavar: 'mount', description: 'Attach a file system mount' },
  name: { ...text, description: 'Give the container a name' },
  network: { ...text, aliases: ['net'], default: '', metavar: 'network', description: 'slirp4netns (default), none, host or container:ID' },
  'oom-score-adj': { type: 'number', metavar: 'int', description: "Adjust the host's OOM preference (-1000 to 1000)" },
  pid: { ...text, default: 'private', description: 'PID namespace (host|private|container:ID)' },
  platform: { ...text, description: 'Set the platform (linux/arm64)' },
  privileged: { ...flag, description: 'Give all capabilities that the user namespace has' },
  publish: { ...list, short: 'p', description: 'Publish ports: [ip:][host:]container[/tcp|udp]' },
  'publish-all': { ...flag, short: 'P', description: 'Publish all exposed ports to free ones' },
  pull: { ...text, default: 'missing', description: 'Pull the image before (always|missing|never)' },
  quiet: { ...flag, short: 'q', description: 'Suppress the output of the pull' },
  'read-only': { ...flag, description: 'Mount the root file system read only' },
  replace: { ...flag, description: 'Remove the container that has the name first' },
  rm: { ...flag, description: 'Remove the container when it exits' },
  secret: { ...list, metavar: 'secret', description: 'Give a secret: name[,type=mount|env,target=,uid=,gid=,mode=]' },
  'security-opt': { ...list, description: 'seccomp=FILE|unconfined, no-new-privileges, ...' },
  'shm-size': { ...text, metavar: 'bytes', default: '64m', description: 'Size of /dev/shm' },
  'stop-signal': { ...text, description: 'Signal to stop the container' },
  'stop-timeout': { type: 'number', metavar: 'int', description: 'Seconds until it is killed on stop' },
  sysctl: { ...list, description: 'Sysctls of the container' },
  tmpfs: { ...list, description: 'Mount a tmpfs: path[:options]' },
  tty: { ...flag, short: 't', description: 'Allocate a pseudo-TTY' },
  ulimit: { ...list, metavar: 'ulimit', description: 'Ulimits: name=soft[:hard]' },
  umask: { ...text, description: 'umask of the first process' },
  user: { ...text, short: 'u', description: 'User name or uid: name|uid[:group|gid]' },
  userns: { ...text, default: '', description: 'keep-id[:uid=,gid=], nomap, or empty: root inside is you' },
  uts: { ...text, default: 'private', description: 'UTS namespace (host|private)' },
  volume: { ...list, short: 'v', description: 'Mount a host path or a volume: source:target[:options]' },
  'volumes-from': { ...list, description: 'Mount the volumes of another container: NAME[:ro]' },
  workdir: { ...text, short: 'w', description: 'Working directory inside' },
})

/** What only `run` takes on top. */
export const runTable = optionTable({
  ...createTable,
  detach: { ...flag, short: 'd', description: 'Run in the background and print the container ID' },
  'detach-keys': { ...text, description: 'Keys that detach (default ctrl-p,ctrl-q)' },
  'sig-proxy': { ...flag, default: true, description: 'Hand received signals to the process' },
})
