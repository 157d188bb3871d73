import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from './run.ts'

export interface Authority {
  /** PEM files. */
  ca: string
  cert: string
  key: string
  clientCert: string
  clientKey: string
}

/** A certificate authority of our own with a server's certificate for localhost and 127.0.0.1, and a client's. */
export async function makeAuthority(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true })
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => must('openssl', args)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.crt'), '-days', '2', '-subj', '/CN=lichen test authority')
  await writeFile(at('server.ext'), 'subjectAltName=DNS:localhost,DNS:registry.test,IP:127.0.0.1\n')
  await writeFile(at('client.ext'), 'extendedKeyUsage=clientAuth\n')
  for (const name of ['server', 'client']) {
    await openssl('req', ...key, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`)
    await openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-CA',
      at('ca.crt'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.crt`),
    )
  }
  return { ca: at('ca.crt'), cert: at('server.crt'), key: at('server.key'), clientCert: at('client.crt'), clientKey: at('client.key') }
}
