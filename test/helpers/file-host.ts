import { spawn } from 'node:child_process'
import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Seen } from './fault-proxy.ts'
import { closeServer } from './token-server.ts'

export interface FileHost {
  /** `http://127.0.0.1:PORT` */
  address: string
  seen: Seen[]
  stop(): Promise<void>
}

/** Gives out the files of a folder, with ETag and Last-Modified, and what is in `NAME.git/` as git's own server does. */
export async function startFileHost(folder: string): Promise<FileHost> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request
    seen.push({ method, path, headers })
    const { pathname, search } = new URL(path, 'http://host')
    if (pathname.includes('.git/')) gitBackend(folder, { pathname, query: search.slice(1) }, request, response)
    else file(`${folder}${pathname}`, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop: () => closeServer(server) }
}

function file(path: string, { headers }: IncomingMessage, response: ServerResponse): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return void response.writeHead(404).end()
  const etag = `"${found.size}-${found.mtimeMs}"`
  response.setHeader('ETag', etag)
  response.setHeader('Last-Modified', found.mtime.toUTCString())
  if (headers['if-none-match'] === etag) response.writeHead(304).end()
  else createReadStream(path).pipe(response)
}

function gitBackend(folder: string, { pathname, query }: { pathname: string; query: string }, request: IncomingMessage, response: ServerResponse): void {
  const { method = '', headers } = request
  const child = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      PATH_INFO: pathname,
      QUERY_STRING: query,
      REQUEST_METHOD: method,
      REMOTE_ADDR: '127.0.0.1',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(child.stdin)
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  child.on('close', () => {
    const answer = Buffer.concat(parts)
    const end = answer.indexOf('\r\n\r\n')
    for (const line of answer.subarray(0, end).toString('latin1').split('\r\n')) {
      const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
      else if (name !== '') response.setHeader(name, value)
    }
    response.end(answer.subarray(end + 4))
  })
}
