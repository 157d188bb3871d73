/** /etc/hosts, /etc/hostname and /etc/resolv.conf of a container, as Docker makes them. Pure. */

export interface HostsInput {
  /** undefined: the container shares the host's network, and has no address of its own. */
  address: string | undefined
  hostname: string
  domainname: string
  extra: { host: string; address: string }[]
  /** What `host-gateway` stands for. */
  gateway: string
}

export function hostsFile({ address, hostname, domainname, extra, gateway }: HostsInput): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...extra.map((entry) => `${entry.address === 'host-gateway' ? gateway : entry.address}\t${entry.host}`),
  ]
  const names = domainname === '' ? hostname : `${hostname}.${domainname} ${hostname}`
  if (address !== undefined && hostname !== '') lines.push(`${address}\t${names}`)
  return `${lines.join('\n')}\n`
}

export interface ResolvInput {
  /** Text of the host's resolv.conf. */
  host: string
  /** Name server of the user-mode network; undefined: none, the host's file stands. */
  own: string | undefined
  servers: string[]
  search: string[]
  options: string[]
}

/**
 * `--dns*` win; else the network's own forwarder, then those of the host's servers that can be reached from
 * another network namespace (a loopback resolver such as systemd-resolved's can't).
 */
export function resolvConf({ host, own, servers, search, options }: ResolvInput): string {
  const found = { nameserver: [] as string[], search: [] as string[], options: [] as string[] }
  for (const line of host.split('\n')) {
    const [key, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (key === 'nameserver') found.nameserver.push(...values.slice(0, 1))
    else if (key === 'search' || key === 'domain') found.search = values
    else if (key === 'options') found.options.push(...values)
  }
  const reachable = own === undefined ? found.nameserver : [own, ...found.nameserver.filter((address) => !isLoopback(address))]
  const chosen = servers.length > 0 ? servers : reachable
  const domains = search.length > 0 ? search.filter((domain) => domain !== '.') : found.search
  const flags = options.length > 0 ? options : found.options
  const lines = chosen.map((address) => `nameserver ${address}`)
  if (domains.length > 0) lines.push(`search ${domains.join(' ')}`)
  if (flags.length > 0) lines.push(`options ${flags.join(' ')}`)
  return `${lines.join('\n')}\n`
}

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.')
