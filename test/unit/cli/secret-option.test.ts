import { describe, expect, it } from 'vitest'
import { parseSecret } from '../../../lib/cli/secret-option.ts'

const plain = { name: 'tok', type: 'mount', target: undefined, uid: 0, gid: 0, mode: 0o444 }

describe('--secret', () => {
  it.each<[string, object]>([
    ['tok', plain],
    ['source=tok', plain],
    ['tok,target=/etc/x,uid=1000,gid=5,mode=0400', { ...plain, target: '/etc/x', uid: 1000, gid: 5, mode: 0o400 }],
    ['tok,type=env,target=TOKEN', { ...plain, type: 'env', target: 'TOKEN' }],
  ])('%s', (text, secret) => expect(parseSecret(text)).toEqual(secret))

  it.each([
    ['', 'it names no secret'],
    ['tok,type=file', 'type file is invalid: mount or env'],
    ['tok,mode=9', 'invalid mode: "9"'],
    ['tok,uid=-1', 'invalid uid: "-1"'],
    ['tok,uid=4294967296', 'invalid uid: "4294967296"'],
    ['tok,type=env,mode=0400', 'mode is for type=mount'],
    ['tok,type=env,target=A=B', '"A=B" can\'t be the name of a variable'],
    ['tok,target=', 'target is empty'],
    ['tok,nonsense', 'unknown option "nonsense": type, target, uid, gid, mode'],
  ])('%s is refused', (text, why) => {
    expect(() => parseSecret(text)).toThrow(expect.objectContaining({ exitCode: 125, message: expect.stringContaining(why) as string }))
  })
})
