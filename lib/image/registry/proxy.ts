import { isIP } from 'node:net'
import { hostName, inRange, isLoopback } from './endpoints.ts'
import { NetworkFailure } from './network-failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for a URL, as Go's programs read the environment: HTTPS_PROXY or HTTP_PROXY in either case, none for what
 * NO_PROXY names nor for this machine.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const either = (name: string) => env[name] || env[name.toLowerCase()] || ''
  const proxy = either(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (proxy === '' || isLoopback(url.host) || isExempt(url, either('NO_PROXY'))) return undefined
  const text = proxy.includes('://') ? proxy : `http://${proxy}`
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed
  // Not with its text, which may hold a password.
  throw new NetworkFailure(
    'proxy',
    `the proxy in the environment is none that lichen can use${parsed === undefined ? '' : ` (${parsed.protocol}//)`}: http:// or https:// it must be`,
  )
}

function isExempt(url: URL, list: string): boolean {
  const host = hostName(url.host).toLowerCase()
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      if (entry.includes('/')) return inRange(host, entry)
      if (isIP(entry) !== 0) return entry === host
      const bare = hostName(entry)
      const wantedPort = bare === entry ? '' : entry.slice(entry.lastIndexOf(':') + 1)
      if (wantedPort !== '' && wantedPort !== port) return false
      if (isIP(bare) !== 0) return bare === host
      const domain = bare.replace(/^\*?\./, '')
      // ".example.com" means what is below it, "example.com" itself too.
      return host.endsWith(`.${domain}`) || (domain === bare && host === domain)
    })
}

/** For the Proxy-Authorization header. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {}
  const words = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'Proxy-Authorization': `Basic ${Buffer.from(words).toString('base64')}` }
}
