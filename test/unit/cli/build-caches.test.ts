import { expect, test } from 'vitest'
import { parseCacheFrom, parseCacheTo } from '../../../lib/cli/build-caches.ts'

test.each([
  ['app:cache', [{ kind: 'registry', reference: 'app:cache' }]],
  [
    'a,b:2',
    [
      { kind: 'registry', reference: 'a' },
      { kind: 'registry', reference: 'b:2' },
    ],
  ],
  ['type=registry,ref=r.io/a/b', [{ kind: 'registry', reference: 'r.io/a/b' }]],
  ['type=local,src=/x', [{ kind: 'local', path: '/x', tag: 'latest', digest: undefined }]],
  ['type=local,src=/x,tag=t,digest=sha256:1', [{ kind: 'local', path: '/x', tag: 't', digest: 'sha256:1' }]],
])('--cache-from %s', (text, expected) => {
  expect(parseCacheFrom(text)).toEqual(expected)
})

test.each([
  ['app:cache', { kind: 'registry', reference: 'app:cache', mode: 'min', ignoreError: false }],
  ['type=inline', { kind: 'inline' }],
  ['type=registry,ref=a,mode=max,oci-mediatypes=true,image-manifest=true', { kind: 'registry', reference: 'a', mode: 'max', ignoreError: false }],
  ['type=local,dest=d,ignore-error=true,compression=uncompressed', { kind: 'local', path: 'd', tag: 'latest', mode: 'min', ignoreError: true }],
])('--cache-to %s', (text, expected) => {
  expect(parseCacheTo(text)).toEqual([expected])
})

test.each([
  [parseCacheTo, 'type=gha,mode=max', '--cache-to type=gha is not supported'],
  [parseCacheTo, 'dest=x', 'type'],
  [parseCacheTo, 'type=local,dest=x,src=y', 'unknown key "src"'],
  [parseCacheTo, 'type=registry,ref=x,image-manifest=false', 'image-manifest=false is not supported'],
  [parseCacheTo, 'type=local,dest=x,compression=gzip', 'compression=gzip is not supported'],
  [parseCacheTo, 'type=local,x', 'invalid value x'],
  [parseCacheFrom, 'type=inline', 'type=inline is not supported'],
  [parseCacheFrom, 'type=local', 'src is required'],
])('%o refuses %s', (parse, text, message) => {
  expect(() => parse(text)).toThrow(message)
})
