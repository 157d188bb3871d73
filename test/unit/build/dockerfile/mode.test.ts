import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeMode, parseMode } from '../../../../lib/build/dockerfile/mode.ts'

describe('as chmod(1) does it', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lichen-mode-'))
    writeFileSync(join(folder, 'file'), '')
    mkdirSync(join(folder, 'directory'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    'u=rwX,go=rX',
    'a+x',
    '+x',
    '+w',
    '-w',
    'go-rwx',
    'u=g',
    'g=u,o=',
    'o=u-w',
    'u+s',
    'g+s,o-x',
    '+t',
    'u=rwx,g=rx,o=r',
    'ug+w-x',
    'a=',
    'u+X',
    '=r',
    '0750',
    '4711',
  ])('%s', (text) => {
    for (const before of [0o644, 0o755, 0o600, 0o111, 0o777]) {
      for (const name of ['file', 'directory']) {
        const path = join(folder, name)
        chmodSync(path, before)
        execFileSync('sh', ['-c', 'umask 022; exec chmod -- "$0" "$1"', text, path])
        const expected = statSync(path).mode & 0o7777
        expect(changeMode(parseMode(text)!, before, name === 'directory').toString(8), `${name} ${before.toString(8)}`).toBe(expected.toString(8))
      }
    }
  })
})

test.each(['', 'x', '8', '07777777', 'u=rwy', 'z+x', 'u', 'u=rw,', ',u+x', 'u=ug', '99999'])('%o is none', (text) => {
  expect(parseMode(text)).toBeUndefined()
})
