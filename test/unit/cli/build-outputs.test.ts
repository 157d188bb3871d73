import { describe, expect, test } from 'vitest'
import { parseAnnotations, parseBuildOutput } from '../../../lib/cli/build-outputs.ts'

describe('--output', () => {
  test.each<[string, object]>([
    ['.', { kind: 'local', dest: '.', split: undefined }],
    ['-', { kind: 'tar', dest: undefined, split: undefined }],
    ['type=local,dest=a b', { kind: 'local', dest: 'a b', split: undefined }],
    ['type=local,dest=a,platform-split=true', { kind: 'local', dest: 'a', split: true }],
    ['type=tar,platform-split=false', { kind: 'tar', dest: undefined, split: false }],
    ['type=tar,dest=-', { kind: 'tar', dest: undefined, split: undefined }],
    ['"type=tar","dest=a,b.tar"', { kind: 'tar', dest: 'a,b.tar', split: undefined }],
    ['type=docker', { kind: 'image', push: false }],
    ['type=docker,dest=d.tar', { kind: 'docker', dest: 'd.tar' }],
    ['type=oci', { kind: 'oci', dest: undefined }],
    ['type=oci,tar=false,dest=d', { kind: 'layout', dest: 'd' }],
    ['type=image,"name=a,b:1",push=true', { kind: 'image', names: ['a', 'b:1'], push: true }],
    ['type=registry,name=a', { kind: 'image', names: ['a'], push: true }],
    ['type=image,annotation.a.b=c,annotation-manifest.D=e', { annotations: { 'a.b': 'c', D: 'e' } }],
    ['type=cacheonly', { kind: 'cacheonly' }],
  ])('%s', (text, wanted) => {
    expect(parseBuildOutput(text)).toMatchObject(wanted)
  })

  test.each<[string, string]>([
    ['dest=x', 'type is required'],
    ['type=x', 'unknown output type'],
    ['type=local', 'dest is required'],
    ['type=oci,tar=false', 'dest is required'],
    ['type=local,dest=x,name=y', 'unknown key "name"'],
    ['type=image,compression=gzip', 'compression=gzip is not supported'],
    ['type=image,annotation-index.a=b', 'index annotations not supported'],
    ['type=tar,x', 'invalid value x'],
  ])('%s is refused', (text, message) => {
    expect(() => parseBuildOutput(text)).toThrow(message)
  })
})

test('--annotation', () => {
  expect(parseAnnotations(['a=b=c', 'manifest:d=e:f', 'manifest[linux/amd64]:g=h', 'index,manifest:i=j', 'org.x:y=z'])).toEqual({
    a: 'b=c',
    d: 'e:f',
    g: 'h',
    i: 'j',
    'org.x:y': 'z',
  })
  expect(() => parseAnnotations(['index:a=b'])).toThrow('index annotations not supported')
  expect(() => parseAnnotations(['a'])).toThrow('invalid annotation "a"')
})
