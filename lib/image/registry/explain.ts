import { LichenError } from '../../system/errors.ts'
import { retryAfter } from './back-off.ts'
import { type HttpResponse, readBody } from './http.ts'
import { NetworkFailure } from './network-failure.ts'

/** Whom was asked for what, for messages. */
export interface Asked {
  /** `localhost:5000`, `docker.io`, or a mirror. */
  host: string
  /** `team/app` */
  repository: string
  /** `localhost:5000/team/app`: the repository with the registry that was meant. */
  name: string
  action: 'pull' | 'push'
}

/** One entry of what registries say of a failure. */
export interface Complaint {
  /** `MANIFEST_UNKNOWN`; "" where there is none. */
  code: string
  message: string
}

/** Searches and logins are of no repository. */
const subject = (repository: string) => ({ '': 'for a search', '(login)': 'for a login' })[repository] ?? `repository ${repository}`

/** A network failure as a message that names registry, repository and reason; anything else as it is. */
export function explainFailure(error: unknown, { host, repository }: Asked): unknown {
  if (!(error instanceof NetworkFailure)) return error
  const { kind, message } = error
  const of = subject(repository)
  const [text, code, hint] = {
    name: [`registry ${host} can't be reached (${of}): ${message}`, 'REGISTRY_UNREACHABLE', 'is the name right, and does this machine have a network?'],
    refused: [`registry ${host} can't be reached (${of}): ${message}`, 'REGISTRY_UNREACHABLE', 'is it running, and is the port right?'],
    tls: [`no secure connection to registry ${host} (${of}): ${message}`, 'REGISTRY_TLS', tlsHint(host)],
    broken: [`the connection to registry ${host} broke off (${of}): ${message}`, 'REGISTRY_BROKEN', 'try again'],
    stalled: [`registry ${host} stands still (${of}): ${message}`, 'REGISTRY_BROKEN', 'try again'],
    proxy: [`registry ${host} can't be reached (${of}): ${message}`, 'REGISTRY_UNREACHABLE', 'see HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment'],
    canceled: [`registry ${host} is asked no more (${of}): ${message}`, 'REGISTRY_CANCELED', ''],
  }[kind] as [string, string, string]
  return new LichenError(text, { code, cause: error, ...(hint === '' ? {} : { hint }) })
}

const tlsHint = (host: string) =>
  `trust its authority: put the certificate into ~/.config/docker/certs.d/${host}/ca.crt\nor do without: {"insecure-registries": [${JSON.stringify(host)}]} in ~/.config/lichen/config.json`

/** What a registry's refusal means, in Docker's words where it has some. `what`: `manifest for localhost:5000/team/app:v9`, `layer sha256:...`. */
export async function explainAnswer(response: HttpResponse, asked: Asked, what: string): Promise<LichenError> {
  const complaints = await readComplaints(response)
  const said = complaints.map(words).join(', ') || `${response.status} ${response.statusText}`.trimEnd()
  const codes = complaints.map(({ code }) => code)
  const { host, repository, name, action } = asked
  const { status } = response
  if (status === 401 || status === 403 || (action === 'pull' && status === 404 && codes.includes('DENIED'))) {
    return new LichenError(`${action} access denied for ${name}, repository does not exist or may require 'lichen login': ${said} (registry ${host})`, {
      code: 'REGISTRY_DENIED',
      hint: `lichen login ${host === 'docker.io' ? '' : host}`.trimEnd(),
    })
  }
  if (status === 404 && codes.includes('NAME_UNKNOWN'))
    return new LichenError(`repository ${name} not found: ${said}`, {
      code: 'REPOSITORY_UNKNOWN',
      hint: `registry ${host} knows no ${repository}: is the name right?`,
    })
  if (status === 404)
    return new LichenError(`${what} not found: ${said}`, {
      code: what.startsWith('manifest') ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN',
      hint: `asked registry ${host} for repository ${repository}`,
    })
  if (status === 429) {
    const wait = retryAfter(response.headers, Date.now())
    const hint = wait === undefined ? 'try again later, or log in: lichen login' : `try again in ${Math.ceil(wait / 1000)} seconds`
    return new LichenError(`registry ${host} takes no more requests for now (${subject(repository)}): ${said}`, { code: 'REGISTRY_BUSY', hint })
  }
  return new LichenError(`registry ${host} answers ${status} for ${what}: ${said}`, {
    code: 'REGISTRY_ERROR',
    ...(status >= 500 ? { hint: 'the fault is there; try again later' } : {}),
  })
}

/** The `errors` of a body, or its first line where it is plain text. A body that can't be read says nothing. */
export async function readComplaints(response: HttpResponse): Promise<Complaint[]> {
  let text: string
  try {
    text = (await readBody(response, 64 * 1024)).toString('utf8')
  } catch {
    return []
  }
  return parseComplaints(text, response.headers['content-type'] ?? '')
}

export function parseComplaints(text: string, contentType: string): Complaint[] {
  try {
    const document = JSON.parse(text) as { errors?: unknown; details?: unknown; message?: unknown; error?: unknown } | null
    if (Array.isArray(document?.errors)) return document.errors.slice(0, 3).flatMap(complaint)
    // Token servers, and OAuth2.
    const message = [document?.details, document?.message, document?.error].find((value) => typeof value === 'string' && value !== '')
    return message === undefined ? [] : [{ code: '', message: oneLine(message as string) }]
  } catch {
    const line = oneLine(text)
    return line === '' || /html/i.test(contentType) || line.startsWith('<') ? [] : [{ code: '', message: line }]
  }
}

function complaint(entry: unknown): Complaint[] {
  const { code, message, detail } = (entry ?? {}) as { code?: unknown; message?: unknown; detail?: unknown }
  const text = [message, detail].find((value) => typeof value === 'string' && value !== '')
  const known = typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : ''
  return known === '' && text === undefined ? [] : [{ code: known, message: oneLine((text as string | undefined) ?? '') }]
}

/** `MANIFEST_UNKNOWN` and "manifest unknown" are one: "manifest unknown". */
function words({ code, message }: Complaint): string {
  const spoken = code.toLowerCase().replaceAll('_', ' ')
  return [...new Set([spoken, message].filter((part) => part !== ''))].join(': ')
}

const oneLine = (text: string) =>
  text
    .trim()
    .split(/[\r\n]/)[0]!
    .slice(0, 300)
