import { describe, expect, test } from 'vitest'
import { familiarReference, formatReference, parseReference } from '../../../lib/image/reference.ts'

const digest = `sha256:${'d'.repeat(64)}`

describe('as Docker normalises them', () => {
  test.each([
    ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['team/app', 'docker.io/team/app:latest', 'team/app:latest'],
    // Found by fuzzing: without docker.io the first part would be a registry.
    ['docker.io/localhost/app', 'docker.io/localhost/app:latest', 'docker.io/localhost/app:latest'],
    ['docker.io/a.b/app', 'docker.io/a.b/app:latest', 'docker.io/a.b/app:latest'],
    ['docker.io/docker.io/app', 'docker.io/docker.io/app:latest', 'docker.io/docker.io/app:latest'],
    ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000/app:latest'],
    ['localhost:5000/team/app:v1', 'localhost:5000/team/app:v1', 'localhost:5000/team/app:v1'],
    ['registry.example/app', 'registry.example/app:latest', 'registry.example/app:latest'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000/app:latest', '127.0.0.1:5000/app:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    ['[2001:db8::1]/app:v1', '[2001:db8::1]/app:v1', '[2001:db8::1]/app:v1'],
    ['REGISTRY/app', 'REGISTRY/app:latest', 'REGISTRY/app:latest'],
    ['a__b/c.d-e_f', 'docker.io/a__b/c.d-e_f:latest', 'a__b/c.d-e_f:latest'],
    [`busybox@${digest}`, `docker.io/library/busybox@${digest}`, `busybox@${digest}`],
    [`busybox:1@${digest}`, `docker.io/library/busybox:1@${digest}`, `busybox:1@${digest}`],
    [`localhost:5000/a:v1@${digest}`, `localhost:5000/a:v1@${digest}`, `localhost:5000/a:v1@${digest}`],
    [`app:${'t'.repeat(128)}`, `docker.io/library/app:${'t'.repeat(128)}`, `app:${'t'.repeat(128)}`],
  ])('%s', (text, full, familiar) => {
    const reference = parseReference(text)
    expect([formatReference(reference), familiarReference(reference)]).toEqual([full, familiar])
    expect(parseReference(familiar)).toEqual(reference)
  })
})

describe('refused', () => {
  test.each([
    ['', 'invalid reference format'],
    // Found by fuzzing: IPv6 has no dots, as Docker reads it.
    ['[::127.0.0.1]:5000/app', 'invalid reference format'],
    ['UPPER', 'repository name (library/UPPER) must be lowercase'],
    ['team/App:v1', 'repository name (team/App) must be lowercase'],
    ['a'.repeat(64), 'cannot specify 64-byte hexadecimal strings'],
    ['app:', 'invalid reference format'],
    [`app:${'t'.repeat(129)}`, 'invalid reference format'],
    ['app:-x', 'invalid reference format'],
    ['-app', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['a/../b', 'invalid reference format'],
    ['app@sha256:abc', 'invalid reference format'],
    [`app@sha256:${'D'.repeat(64)}`, 'invalid reference format'],
    ['app@sha256:../../../etc/passwd', 'invalid reference format'],
    [`app@md5:${'d'.repeat(32)}`, 'invalid reference format'],
    ['[::1/app', 'invalid reference format'],
    ['host:port/app', 'invalid reference format'],
    ['a b', 'invalid reference format'],
    ['app\n', 'invalid reference format'],
    [`localhost/${'r'.repeat(256)}`, 'must not be more than 255 characters'],
  ])('%j', (text, why) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'BAD_REFERENCE', message: expect.stringContaining(why) }))
  })
})
