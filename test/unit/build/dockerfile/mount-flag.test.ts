import { expect, test } from 'vitest'
import { parseMount } from '../../../../lib/build/dockerfile/mount-flag.ts'

test('mounts of every type', () => {
  expect(parseMount('target=/x')).toMatchObject({ type: 'bind', target: '/x', readOnly: true, source: '' })
  expect(parseMount('type=bind,from=build,src=/a,dst=/b,rw')).toMatchObject({ from: 'build', source: '/a', target: '/b', readOnly: false })
  expect(parseMount('type=cache,target=/c,id=x,sharing=locked,mode=0700,uid=1,gid=2')).toMatchObject({
    type: 'cache',
    readOnly: false,
    id: 'x',
    sharing: 'locked',
    mode: 0o700,
    uid: 1,
    gid: 2,
  })
  expect(parseMount('type=tmpfs,target=/t,size=1.5m')).toMatchObject({ size: 1.5 * 1024 ** 2 })
  expect(parseMount('type=secret,id=s,env=TOKEN,required')).toMatchObject({ id: 's', env: 'TOKEN', required: true })
  expect(parseMount('type=ssh')).toMatchObject({ type: 'ssh', required: false })
  expect(parseMount('"target=/a,b",readonly=false')).toMatchObject({ target: '/a,b', readOnly: false })
})

test.each([
  ['type=volume,target=/x', 'unsupported mount type "volume"'],
  ['type=tmpfs,target=/x,from=a', "unexpected key 'from' for mount type 'tmpfs'"],
  ['target', "invalid field 'target' must be a key=value pair"],
  ['type=cache', 'mount of type cache requires a target'],
  ['type=secret', 'secret mount requires an id'],
  ['target=/x,ro=maybe', 'invalid value'],
  ['type=cache,target=/x,sharing=all', 'unsupported sharing value "all"'],
  ['type=cache,target=/x,mode=999', 'invalid value 999 for mode'],
  ['"target=/x', 'a quote is out of place'],
])('%s is refused', (text, message) => {
  expect(() => parseMount(text)).toThrow(message)
})
