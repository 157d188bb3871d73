/** Why a request got no complete answer. */
export type FailureKind = 'name' | 'refused' | 'tls' | 'broken' | 'stalled' | 'proxy' | 'canceled'

/** A request that got no complete answer. What it was for is known higher up, and told there. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure'
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

export const canceledFailure = () => new NetworkFailure('canceled', 'nobody waits for it any more')

/** From what Node's sockets, TLS and HTTP parser (and bun's) say. */
export function networkFailure(error: unknown): NetworkFailure {
  if (error instanceof NetworkFailure) return error
  const { code = '', message = String(error), errors } = error as { code?: string; message?: string; errors?: unknown[] }
  // Both addresses of a name failed: the first tells enough, and the sum has no message.
  if (message === '' && Array.isArray(errors) && errors.length > 0) return networkFailure(errors[0])
  return new NetworkFailure(kindOf(code), readable(code, message), error)
}

function kindOf(code: string): FailureKind {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name'
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EADDRNOTAVAIL'].includes(code)) return 'refused'
  if (/^(EPROTO$|ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA)/.test(code)) return 'tls'
  if (code === 'ETIMEDOUT') return 'stalled'
  return 'broken'
}

function readable(code: string, message: string): string {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    if (/wrong.version.number/i.test(message)) return 'it does not speak TLS there'
    const alert = /alert.([a-z ]+)|ALERT_([A-Z_]+)/i.exec(message)
    if (/certificate.required|bad.certificate/i.test(message)) return 'it asks for a client certificate (TLS)'
    return alert === null ? `TLS: ${message.split('\n')[0]}` : `TLS: ${(alert[1] ?? alert[2] ?? '').replaceAll('_', ' ').toLowerCase().trim()}`
  }
  if (code === 'ENOTFOUND') return 'no such host'
  if (code === 'EAI_AGAIN') return "its name can't be looked up just now (DNS does not answer)"
  if (code === 'ECONNRESET') return 'the connection was cut'
  return message.split('\n')[0] ?? ''
}
