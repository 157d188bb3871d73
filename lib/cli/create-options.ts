import type { CreateOptions } from '../plan/options.ts'
import { builtin } from '../system/builtin.ts'
import { normalize } from '../system/path.ts'
import { callerEnv } from './caller-env.ts'
import { containerName } from './container-name.ts'
import type { createTable, runTable } from './create-table.ts'
import { parseEnv, parseLabels, readEnvFile, readLabelFile } from './env.ts'
import { parseGpus } from './gpus-option.ts'
import { parseHealth } from './health-options.ts'
import { bytes, parseLimits, parseUlimit } from './limits.ts'
import { parseMount } from './mount-flag.ts'
import type { OptionValues, ParsedArgs } from './options.ts'
import { parseExpose, parsePublish } from './ports.ts'
import { refuseFlags } from './refused-flags.ts'
import { parseRestart } from './restart-option.ts'
import { parseEntrypoint, parseEnvMerge, parseMacAddress, parsePlatformFlags, writableTmpfs } from './run-words.ts'
import { parseSecret } from './secret-option.ts'
import { invalidArgument, usageError } from './usage-error.ts'
import { parseVolume, parseVolumesFrom } from './volumes.ts'

type RunArgs = ParsedArgs<typeof runTable>
type CreateArgs = ParsedArgs<typeof createTable>

/**
 * Turns the flags of `run` and `create` into what the engine works on: form is checked, host and image are not.
 * Reads --env-file and --label-file, and nothing else. Throws USAGE in Docker's words.
 */
export async function parseCreateOptions(
  args: RunArgs | CreateArgs,
  caller: Readonly<Record<string, string | undefined>> = process.env,
): Promise<CreateOptions> {
  const flags: OptionValues<typeof createTable> & Partial<OptionValues<typeof runTable>> = args.options
  const [image = '', ...command] = args.positionals
  refuseFlags(flags, args.given)
  if (image === '') throw usageError('invalid reference format')
  const [envFiles, labelFiles] = await Promise.all([
    Promise.all(flags['env-file'].map((file) => readEnvFile(file, caller))),
    Promise.all(flags['label-file'].map(readLabelFile)),
  ])
  const options: CreateOptions = {
    image,
    command,
    name: flags.name ? containerName(flags.name) : undefined,
    entrypoint: flags.entrypoint === undefined ? undefined : parseEntrypoint(flags.entrypoint),
    env: [...callerEnv(caller, { all: flags['env-host'], proxy: flags['http-proxy'] }), ...envFiles.flat(), ...parseEnv(flags.env, caller)],
    user: flags.user || undefined,
    workdir: workdir(flags.workdir),
    hostname: hostname(flags.hostname),
    domainname: flags.domainname || undefined,
    labels: parseLabels([...labelFiles.flat(), ...flags.label]),
    interactive: flags.interactive,
    tty: flags.tty,
    detach: flags.detach ?? false,
    remove: flags.rm,
    init: flags.init,
    readOnly: flags['read-only'],
    volumes: [...flags.volume.map(parseVolume), ...flags.mount.map(parseMount)],
    volumesFrom: flags['volumes-from'].map(parseVolumesFrom),
    tmpfs: { ...(flags['read-only'] && flags['read-only-tmpfs'] ? writableTmpfs : {}), ...Object.fromEntries(flags.tmpfs.map(tmpfs)) },
    network: flags.network,
    publish: flags.publish.flatMap(parsePublish),
    addHosts: flags['add-host'].map(addHost),
    dns: dnsServers(flags.dns),
    dnsSearch: flags['dns-search'],
    dnsOptions: flags['dns-option'],
    capAdd: flags['cap-add'],
    capDrop: flags['cap-drop'],
    securityOpt: flags['security-opt'],
    privileged: flags.privileged,
    userns: flags.userns,
    idMaps: flags.uidmap.length + flags.gidmap.length === 0 ? undefined : (await import('./id-maps.ts')).parseIdMaps(flags),
    cgroupParent: flags['cgroup-parent'] || undefined,
    limits: parseLimits(flags),
    ulimits: flags.ulimit.map(parseUlimit),
    stopSignal: flags['stop-signal'] || undefined,
    stopTimeout: stopTimeout(flags['stop-timeout']),
    restart: parseRestart(flags.restart),
    timeout: timeout(flags.timeout),
    health: parseHealth(flags),
    pull: pullPolicy(flags.pull),
    platform: parsePlatformFlags(flags),
    shmSize: flags['shm-size'] === undefined ? undefined : shmSize(flags['shm-size']),
    pid: namespace(flags.pid, 'pid', /^(private|host|container:.+)$/),
    ipc: namespace(flags.ipc, 'ipc', /^(private|shareable|none|host|container:.+)$/),
    uts: namespace(flags.uts, 'uts', /^(private|host|container:.+)$/),
    cgroupns: namespace(flags.cgroupns, 'cgroupns', /^(private|host|container:.+)$/),
    sysctls: pairs(flags.sysctl, (entry) => invalidArgument(entry, '--sysctl', `sysctl '${entry}' is not allowed`)),
    devices: [...flags.device, ...(flags.gpus === undefined ? [] : parseGpus(flags.gpus))],
    groupAdd: flags['group-add'],
    oomScoreAdj: oomScoreAdj(flags['oom-score-adj']),
    umask: umask(flags.umask),
    annotations: pairs(flags.annotation, (entry) => invalidArgument(entry, '--annotation', 'it must be key=value')),
    logDriver: flags['log-driver'],
    logOptions: pairs(flags['log-opt'], (entry) =>
      usageError(`unknown log opt '${entry}' for ${flags['log-driver'] || 'json-file'} log driver`, 'it must be key=value'),
    ),
    publishAll: flags['publish-all'],
    cidfile: flags.cidfile || undefined,
    detachKeys: flags['detach-keys'] || undefined,
    sigProxy: flags['sig-proxy'] ?? true,
    attach: flags.attach.map(attachName),
    secrets: flags.secret.map(parseSecret),
    passwd: flags.passwd,
    passwdEntry: flags['passwd-entry'] || undefined,
    groupEntry: flags['group-entry'] || undefined,
    hostUsers: flags.hostuser,
    unsetEnv: flags['unsetenv-all'] ? ['*'] : flags.unsetenv,
    envMerge: flags['env-merge'].map(parseEnvMerge),
    timezone: flags.tz || undefined,
    hostsFile: flags['no-hosts'] ? 'none' : (flags['hosts-file'] ?? ''),
    noHostname: flags['no-hostname'],
    pidfile: flags.pidfile || undefined,
    rootfs: flags.rootfs,
    macAddress: parseMacAddress(flags['mac-address']),
    expose: flags.expose.flatMap(parseExpose),
  }
  checkConflicts(options)
  return options
}

function checkConflicts(options: CreateOptions): void {
  if (options.remove && options.restart !== undefined) throw usageError('Conflicting options: --restart and --rm')
  if (options.hostsFile !== '' && options.addHosts.length > 0 && ['none', 'image'].includes(options.hostsFile ?? '')) {
    throw usageError('--no-hosts and --add-host cannot be set together')
  }
  if (options.detach && options.attach.length > 0) throw usageError('Conflicting options: -a and -d', undefined, 1)
  const shared = /^(host$|container:)/.test(options.network)
  if (shared && options.publish.length > 0 && options.network !== 'host')
    throw usageError('conflicting options: port publishing and the container type network mode')
  if (options.network.startsWith('container:')) {
    if (options.hostname !== undefined) throw usageError('conflicting options: hostname and the network mode')
    if (options.dns.length > 0) throw usageError('conflicting options: dns and the network mode')
    if (options.addHosts.length > 0) throw usageError('conflicting options: custom host-to-IP mapping and the network mode')
  }
  if (options.uts === 'host' && options.hostname !== undefined) throw usageError('conflicting options: hostname and the UTS mode')
  const targets = new Set<string>()
  for (const target of [...options.volumes.map((volume) => volume.target), ...Object.keys(options.tmpfs)]) {
    if (targets.has(target)) throw usageError(`Duplicate mount point: ${target}`)
    targets.add(target)
  }
}

/** podman's word `none`: /etc/resolv.conf stays that of the image. */
function dnsServers(words: readonly string[]): string[] {
  if (!words.includes('none')) return words.map((address) => ipAddress(address, '--dns'))
  if (words.length > 1) throw usageError('invalid --dns: none and addresses do not go together')
  return ['none']
}

function workdir(path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined
  if (!path.startsWith('/')) throw usageError(`the working directory '${path}' is invalid, it needs to be an absolute path`)
  return path
}

function hostname(name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined
  if (/^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/.test(name) && name.length <= 64) return name
  throw usageError(`invalid hostname format: ${name}`)
}

function tmpfs(text: string): [string, string] {
  const colon = text.indexOf(':')
  const path = colon === -1 ? text : text.slice(0, colon)
  if (!path.startsWith('/')) throw usageError(`invalid mount path: '${path}' mount path must be absolute`)
  if (normalize(path).replace(/\/+$/, '') === '') throw usageError(`invalid specification: destination can't be '/'`)
  return [normalize(path).replace(/(.)\/+$/, '$1'), colon === -1 ? '' : text.slice(colon + 1)]
}

export function addHost(text: string): { host: string; address: string } {
  // host:ip, and host=ip since Docker 25; an IPv6 address may stand in brackets.
  const match = /^([^:=]+)[:=](.+)$/.exec(text)
  if (match === null) throw invalidArgument(text, '--add-host', `bad format for add-host: ${JSON.stringify(text)}`)
  const [, host = '', given = ''] = match
  const address = given.replace(/^\[(.*)\]$/, '$1')
  if (address !== 'host-gateway' && builtin.net.isIP(address) === 0)
    throw invalidArgument(text, '--add-host', `invalid IP address in add-host: ${JSON.stringify(address)}`)
  return { host, address }
}

function ipAddress(address: string, flag: string): string {
  if (builtin.net.isIP(address) === 0) throw invalidArgument(address, flag, `IP address is not correctly formatted: ${address}`)
  return address
}

/** Less than 0 waits for ever. */
const stopTimeout = (seconds: number | undefined) => (seconds === undefined ? undefined : Math.max(-1, seconds))

function timeout(seconds: number): number | undefined {
  if (seconds < 0 || seconds > 2 ** 31) throw usageError(`invalid timeout: ${seconds}`, 'seconds; 0 never kills it')
  return seconds === 0 ? undefined : seconds
}

function pullPolicy(text: string): CreateOptions['pull'] {
  if (text === 'missing' || text === 'always' || text === 'never' || text === 'newer') return text
  throw usageError(`invalid pull option: '${text}': must be one of "always", "missing" or "never"`, 'or "newer", as podman has it')
}

/** 0 is Docker's word for the usual size. */
function shmSize(text: string): number | undefined {
  return bytes(text, '--shm-size') || undefined
}

function namespace(mode: string, name: string, grammar: RegExp): string {
  const value = mode === '' ? 'private' : mode
  if (grammar.test(value)) return value
  const message = name === 'ipc' ? `invalid IPC mode: ${mode}` : `--${name}: invalid ${name === 'cgroupns' ? 'CGROUP' : name.toUpperCase()} mode`
  throw usageError(message, `not understood: ${JSON.stringify(mode)}`)
}

function pairs(entries: readonly string[], refuse: (entry: string) => Error): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=')
      if (equals < 1) throw refuse(entry)
      return [entry.slice(0, equals), entry.slice(equals + 1)]
    }),
  )
}

function oomScoreAdj(value: number | undefined): number | undefined {
  if (value !== undefined && (value < -1000 || value > 1000)) throw usageError(`Invalid value ${value}, range for oom score adj is [-1000, 1000]`)
  return value
}

function umask(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^0?[0-7]{1,3}$/.test(text)) throw usageError(`invalid umask: ${text}`, 'octal digits, as 0022')
  return text
}

function attachName(stream: string): string {
  const name = stream.toLowerCase()
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name
  throw invalidArgument(stream, '-a, --attach', 'valid streams are STDIN, STDOUT and STDERR')
}
