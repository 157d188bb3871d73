import { LichenError } from '../system/errors.ts'

/** What `--network` asks for, in lichen's terms. */
export type NetworkMode = { kind: 'slirp4netns'; options: SlirpOptions } | { kind: 'none' } | { kind: 'host' } | { kind: 'container'; container: string }

export interface SlirpOptions {
  /** Bytes; slirp4netns is fastest with the largest. */
  mtu: number
  /** IPv4 network of the container, CIDR. The container is .100, its gateway .2, its name server .3. */
  cidr: string
  /** Whether 10.0.2.2 reaches the host's loopback. */
  allowHostLoopback: boolean
  enableIpv6: boolean
}

export const defaultSlirpOptions: SlirpOptions = { mtu: 65520, cidr: '10.0.2.0/24', allowHostLoopback: false, enableIpv6: false }

/**
 * Reads a `--network` value: "", default, bridge, private, slirp4netns[:option=value,...], none, host, container:NAME.
 * Docker's bridge has no rootless twin: a container of its own network is what a user gets instead.
 */
export function parseNetworkMode(text: string): NetworkMode {
  const [name = '', ...rest] = text.split(':')
  const argument = rest.join(':')
  switch (name) {
    case '':
    case 'default':
    case 'bridge':
    case 'private':
      return { kind: 'slirp4netns', options: defaultSlirpOptions }
    case 'slirp4netns':
      return { kind: 'slirp4netns', options: parseSlirpOptions(argument) }
    case 'none':
    case 'host':
      return { kind: name }
    case 'container':
      if (argument === '') {
        throw new LichenError('Invalid network mode: invalid container format container:<name|id>', { code: 'BAD_NETWORK' })
      }
      return { kind: 'container', container: argument }
    default:
      throw new LichenError(`network ${name} not found`, {
        code: 'NETWORK_NOT_FOUND',
        hint: 'lichen has the networks slirp4netns (default), none, host and container:NAME',
      })
  }
}

function parseSlirpOptions(text: string): SlirpOptions {
  const options = { ...defaultSlirpOptions }
  for (const part of text.split(',').filter((item) => item !== '')) {
    const [key = '', value = ''] = part.split('=')
    switch (key) {
      case 'mtu':
        options.mtu = Number(value)
        if (!Number.isInteger(options.mtu) || options.mtu < 68 || options.mtu > 65521) throw badOption(part, 'a number from 68 to 65521')
        break
      case 'cidr':
        if (!/^\d+\.\d+\.\d+\.0\/24$/.test(value)) throw badOption(part, 'an IPv4 network such as 10.0.2.0/24')
        options.cidr = value
        break
      case 'allow_host_loopback':
        options.allowHostLoopback = value === 'true'
        break
      case 'enable_ipv6':
        options.enableIpv6 = value === 'true'
        break
      default:
        throw badOption(part, 'one of mtu=, cidr=, allow_host_loopback=, enable_ipv6=')
    }
  }
  return options
}

const badOption = (part: string, wanted: string) =>
  new LichenError(`invalid option ${JSON.stringify(part)} for the network slirp4netns: it takes ${wanted}`, { code: 'BAD_NETWORK' })

/** The address of host number `last` in a /24. */
export const addressIn = (cidr: string, last: number) => cidr.replace(/\.0\/24$/, `.${last}`)
