import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { inlineSeccompProfiles } from '../../../lib/engine/seccomp-profile.ts'

const folder = mkdtempSync(join(tmpdir(), 'lichen-profile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(content: string): string {
  const path = join(folder, 'profile.json')
  writeFileSync(path, content)
  return path
}

test('the text stands in place of the file, compact', async () => {
  const path = file('{\n  "defaultAction": "SCMP_ACT_ALLOW"\n}\n')
  const inline = 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
  expect(await inlineSeccompProfiles([`seccomp=${path}`, `seccomp:${path}`])).toEqual([inline, inline])
  expect(await inlineSeccompProfiles([inline])).toEqual([inline])
})

test('all else stays as it is', async () => {
  const options = ['seccomp=unconfined', 'seccomp:unconfined', 'seccomp=builtin', 'seccomp=', 'no-new-privileges', 'label=disable', 'seccomp']
  expect(await inlineSeccompProfiles(options)).toEqual(options)
})

test('files that can not be used are named', async () => {
  const rejects = (path: string, message: RegExp) =>
    expect(inlineSeccompProfiles([`seccomp=${path}`])).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_SECCOMP', exitCode: 125, message: expect.stringMatching(message) }),
    )
  await rejects('/nope.json', /^opening seccomp profile \(\/nope\.json\) failed: open \/nope\.json: no such file or directory$/)
  await rejects(folder, /^opening seccomp profile \(.*\) failed: read .*directory/)
  await rejects(file('{"defaultAction":'), /profile\.json is not valid JSON/)
})
