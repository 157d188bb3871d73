import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sharedRunRoot } from '../../../lib/system/shared-run-root.ts'

const uid = process.geteuid!()
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
let top: string
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'lichen-run-'))
  mkdirSync(join(top, 'data'))
})
afterEach(() => rmSync(top, { recursive: true }))

function runRoot(name: string): string {
  const path = join(top, name)
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(join(path, 'boot_id'), boot)
  return path
}
const share = (own: string) => sharedRunRoot(join(top, 'data'), own, uid)

it('is the first login, for the others too', async () => {
  const [first, second] = [runRoot('first'), runRoot('second')]
  expect([await share(first), await share(second), await share(first)]).toEqual([first, first, first])
  expect(readdirSync(join(top, 'data/run-roots')).sort()).toEqual(['.lock', boot].sort())
})

it('is one for many who come at once', async () => {
  const own = Array.from({ length: 8 }, (_, at) => runRoot(`own${at}`))
  expect(new Set(await Promise.all(own.map(share))).size).toBe(1)
})

it('forgets those of earlier boots of this machine, and no other', async () => {
  const first = runRoot('first')
  await share(first)
  const folder = join(top, 'data/run-roots')
  const mine = readFileSync(join(folder, boot), 'utf8')
  writeFileSync(join(folder, 'before'), mine)
  writeFileSync(join(folder, 'elsewhere'), mine.replace(/\n.*/, '\nother-node 0123'))
  rmSync(first, { recursive: true })
  const second = runRoot('second')
  expect([await share(second), await share(second)]).toEqual([second, second])
  expect(readdirSync(folder).sort()).toEqual(['.lock', boot, 'elsewhere'].sort())
})

it.each<[string, (path: string) => void]>([
  ['has vanished', (path) => rmSync(path, { recursive: true })],
  ['is open to others', (path) => chmodSync(path, 0o755)],
  ['is of another boot', (path) => writeFileSync(join(path, 'boot_id'), 'other')],
])('is the next login where the first %s', async (_, spoil) => {
  const [first, second] = [runRoot('first'), runRoot('second')]
  await share(first)
  spoil(first)
  expect([await share(second), await share(second)]).toEqual([second, second])
})
