import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findSecret, listSecrets, removeSecret, storeSecret } from '../../../lib/storage/secrets.ts'
import type { Context } from '../../../lib/system/context.ts'

let folder: string
let context: Context
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lichen-secrets-'))
  context = { paths: { data: folder, run: folder }, config: {}, runtime: '' }
})
afterEach(() => rmSync(folder, { recursive: true }))

const keep = (name: string, data = 'x', replace = false) => storeSecret(context, { name, data: Buffer.from(data), labels: {}, replace })
const store = () => join(folder, 'secrets')

describe('secrets', () => {
  it('are files of their owner only', async () => {
    const id = await keep('tok', 'geheim')
    expect(id).toMatch(/^[0-9a-f]{25}$/)
    expect([statSync(store()).mode & 0o777, statSync(join(store(), 'tok.json')).mode & 0o777]).toEqual([0o700, 0o600])
    expect(Buffer.from((await findSecret(context, id.slice(0, 8))).data, 'base64').toString()).toBe('geheim')
  })

  it('keep their name until they are replaced or removed', async () => {
    const [first] = [await keep('tok', 'one'), await keep('other')]
    await expect(keep('tok', 'two')).rejects.toMatchObject({ code: 'SECRET_EXISTS' })
    const second = await keep('tok', 'two', true)
    expect([second === first, (await listSecrets(context)).map(({ name }) => name)]).toEqual([false, ['other', 'tok']])
    expect(await removeSecret(context, 'tok')).toBe(second)
    await expect(findSecret(context, 'tok')).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' })
  })

  it('are made once by many at a time', async () => {
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => keep('tok')))
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('leave nothing of a writing that was killed', async () => {
    mkdirSync(store())
    writeFileSync(join(store(), 'tok.json.0123456789ab.tmp'), 'half a secret')
    await keep('other')
    expect(readdirSync(store()).sort()).toEqual(['.lock', 'other.json'])
  })

  it.each(['', '../x', '.lock', 'a/b', 'x'.repeat(254)])('%j is no name', async (name) => expect(keep(name)).rejects.toMatchObject({ code: 'BAD_SECRET_NAME' }))

  it.each([0, 512_000])('of %d bytes are refused', async (size) => expect(keep('tok', 'x'.repeat(size))).rejects.toMatchObject({ code: 'BAD_SECRET' }))
})
