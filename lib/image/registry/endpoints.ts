import { isIP } from 'node:net'
import type { Config } from '../../system/context.ts'
import { LichenError } from '../../system/errors.ts'

/** A server that may be asked for the images of a registry. */
export interface Endpoint {
  /** Without a slash at its end: `https://registry-1.docker.io`, `http://localhost:5000`, `https://mirror.example/proxy`. */
  base: string
  /** In messages, for credentials and for certificates: `docker.io`, `localhost:5000`. */
  host: string
  /** Certificates are not verified. */
  insecure: boolean
  mirror: boolean
  /** Another one is asked where this can't be reached: it is not worth trying again. */
  another: boolean
}

/** Where images named docker.io lie. */
const DOCKER_HUB = 'registry-1.docker.io'

/**
 * In the order in which they are asked: mirrors (they stand for docker.io alone, as in Docker), the registry itself, and
 * the same over plain http where that is allowed. Throws BAD_CONFIG.
 */
export function endpointsOf(registry: string, config: Config): Endpoint[] {
  const isHub = registry === 'docker.io'
  const mirrors = isHub ? (config['registry-mirrors'] ?? []).map((url) => mirrorEndpoint(url, config)) : []
  return [...mirrors, ...ownEndpoints(registry, config)]
}

/**
 * Of the registry itself: what is pushed never goes to a mirror. On this machine plain http comes first, which tells most
 * registries' answer without loading TLS; nothing secret goes with the first question, and nobody listens in between.
 */
export function ownEndpoints(registry: string, config: Config): Endpoint[] {
  const address = registry === 'docker.io' ? DOCKER_HUB : registry
  const insecure = isInsecure(registry, config)
  const schemes = !insecure ? ['https'] : isLoopback(registry) ? ['http', 'https'] : ['https', 'http']
  return schemes.map((scheme, at) => ({ base: `${scheme}://${address}`, host: registry, insecure, mirror: false, another: at < schemes.length - 1 }))
}

function mirrorEndpoint(text: string, config: Config): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new LichenError(`registry-mirrors: ${JSON.stringify(text)} is not the address of a mirror`, {
      code: 'BAD_CONFIG',
      hint: 'such as https://mirror.example',
    })
  }
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  return { base, host: url.host, insecure: isInsecure(url.host, config), mirror: true, another: true }
}

/**
 * Whether plain http and unverified certificates will do: for what runs on this machine, and for `insecure-registries`,
 * hosts (with the port, where there is one) and address ranges. Names are not looked up: a range fits addresses only.
 */
export function isInsecure(host: string, config: Config): boolean {
  if (isLoopback(host)) return true
  const name = hostName(host)
  return (config['insecure-registries'] ?? []).some((entry) => {
    const plain = entry.replace(/^https?:\/\//, '').toLowerCase()
    if (plain.includes('/')) return inRange(name, plain)
    return plain === host.toLowerCase() || plain === name.toLowerCase()
  })
}

export const isLoopback = (host: string): boolean => {
  const name = hostName(host).toLowerCase()
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** `localhost:5000` -> `localhost`, `[::1]:5000` -> `::1`. */
export function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)
  return bracketed?.[1] ?? host.replace(/:\d+$/, '')
}

/** Whether an IPv4 or IPv6 address lies in `10.0.0.0/8`. */
export function inRange(address: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/')
  const family = isIP(network)
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false
  const width = family === 4 ? 32 : 128
  const shift = BigInt(width - Number(bits))
  return shift >= 0n && addressNumber(address, family) >> shift === addressNumber(network, family) >> shift
}

function addressNumber(address: string, family: number): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  // The tail may be written as IPv4: ::ffff:10.0.0.1
  const v4 = /:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  const tail = v4 === undefined ? '' : addressNumber(v4, 4).toString(16).padStart(8, '0')
  const plain = v4 === undefined ? address : `${address.slice(0, -v4.length)}${tail.slice(0, 4)}:${tail.slice(4)}`
  const [head = '', rest] = plain.split('::')
  const words = (text: string) => (text === '' ? [] : text.split(':'))
  const left = words(head)
  const right = rest === undefined ? [] : words(rest)
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return all.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n)
}
