import { expect, test } from 'vitest'
import { NetworkFailure, networkFailure } from '../../../../lib/image/registry/network-failure.ts'

test.each([
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND r.example', 'name', 'no such host'],
  ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1', 'refused', 'connect ECONNREFUSED 127.0.0.1:1'],
  ['ECONNRESET', 'socket hang up', 'broken', 'the connection was cut'],
  ['EPROTO', 'write EPROTO 800C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:350:\n', 'tls', 'it does not speak TLS there'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER', 'tls', 'it does not speak TLS there'],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'x:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../x.c\n',
    'tls',
    'it asks for a client certificate (TLS)',
  ],
  [
    'ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED',
    'error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED',
    'tls',
    'it asks for a client certificate (TLS)',
  ],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'tls', 'unable to verify the first certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'tls', "Hostname/IP does not match certificate's altnames"],
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'tls', 'certificate has expired'],
  ['HPE_INVALID_CONSTANT', 'Parse Error: Expected HTTP/', 'broken', 'Parse Error: Expected HTTP/'],
] as const)('%s: %s', (code, message, kind, told) => {
  expect(networkFailure(Object.assign(new Error(message), { code }))).toMatchObject({ kind, message: told })
})

test('a name whose addresses have all failed', () => {
  const inner = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
  expect(networkFailure(Object.assign(new AggregateError([inner]), { code: 'ECONNREFUSED' }))).toMatchObject({
    kind: 'refused',
    message: 'connect ECONNREFUSED ::1:1',
  })
})

test('one of ours stays', () => {
  const failure = new NetworkFailure('stalled', 'x')
  expect(networkFailure(failure)).toBe(failure)
})
