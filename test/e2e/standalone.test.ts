import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lichenUnderTest } from '../helpers/prerequisites.ts'
import { Running } from '../helpers/process.ts'
import { asUser, testUser } from '../helpers/user.ts'

/** Where users put the standalone build. */
let top: string
beforeAll(() => {
  top = mkdtempSync('/tmp/lichen-e2e-')
  for (const folder of ['prefix/bin', 'prefix/libexec', 'links', 'alone']) mkdirSync(join(top, folder), { recursive: true })
  cpSync(lichenUnderTest(), join(top, 'prefix/bin/lichen'))
  cpSync(join(dirname(lichenUnderTest()), 'libexec'), join(top, 'prefix/libexec'), { recursive: true })
  cpSync(lichenUnderTest(), join(top, 'alone/lichen'))
  symlinkSync('../prefix/bin/lichen', join(top, 'links/lichen'))
  chmodSync(top, 0o755)
})
afterAll(() => rmSync(top, { recursive: true }))

const start = (path: string, words: string[], env = {}) => new Running(asUser(testUser(), [join(top, path), ...words]), { cwd: '/', env }).exited
const version = (path: string, env = {}) => start(path, ['version', '--format', '{{.Client.Platform.Name}}'], env)

describe('the standalone build', () => {
  it('runs from bin with libexec beside, through a link, and without an environment', async () => {
    for (const path of ['prefix/bin/lichen', 'links/lichen']) expect(await version(path)).toMatchObject({ code: 0, stdout: 'lichen\n', stderr: '' })
  })

  it('says what is missing', async () => {
    const { code, stderr } = await version('alone/lichen')
    expect([code, stderr]).toEqual([
      125,
      `Error: lichen is not complete: there is no libexec/lichen/lichen in ${top}/alone\nhint: its folder libexec belongs beside it, or in the folder above\n`,
    ])
    expect((await version('alone/lichen', { LICHEN_LIBEXEC: `${top}/prefix/libexec/lichen` })).stdout).toBe('lichen\n')
  })

  it('says it where the native part is missing or not one', async () => {
    const file = join(top, 'prefix/libexec/lichen/lichen.node')
    cpSync('/etc/hostname', file)
    expect((await start('prefix/bin/lichen', ['ps'])).stderr).toMatch(
      /^Error: the native part of lichen can't be loaded: .*\nhint: it was built for another machine/,
    )
    rmSync(file)
    expect((await start('prefix/bin/lichen', ['ps'])).stderr).toMatch(/^Error: the native part of lichen \(lichen.node\) is not built or not installed\nhint: /)
  })
})
