import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PLAN_MAGIC, planTag, verb } from '../../../lib/runtime/protocol.ts'
import { decodeStatus, type Status } from '../../../lib/runtime/status.ts'
import { encodeRecord, recordSplitter, s, u } from '../../../lib/runtime/wire.ts'
import { addon } from '../../../lib/system/addon.ts'

const program = new URL('../../../native/runtime/build/lichen-runtime', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'lichen-native-plan-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const magic = Buffer.from(PLAN_MAGIC, 'latin1')
const run = encodeRecord(planTag.VERB, [u(verb.run)])
const sealed = (...parts: Uint8Array[]) => addon.sealedMemfd({ name: 'plan', bytes: Buffer.concat([magic, ...parts]) })

/** What the runtime says to a plan on this descriptor, which is closed. */
async function answer(plan: number): Promise<{ code: unknown; statuses: Status[] }> {
  // Node's pipes are sockets, which a status descriptor must be.
  const child = spawn(program, ['run'], { stdio: ['ignore', 'ignore', 'ignore', plan, 'pipe'] })
  closeSync(plan)
  const split = recordSplitter()
  const statuses: Status[] = []
  child.stdio[4]?.on('data', (bytes: Buffer) => statuses.push(...split(bytes).map(decodeStatus)))
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, statuses }
}

describe('the runtime refuses a plan', () => {
  it.each<[string, () => number, string]>([
    ['that is of another build', () => addon.sealedMemfd({ name: 'plan', bytes: Buffer.concat([Buffer.from('LICHENP0'), run]) }), 'another build'],
    ['that is too short', () => addon.sealedMemfd({ name: 'plan', bytes: Buffer.from('LICH') }), 'wrong size'],
    ['with a record that it does not know', () => sealed(run, encodeRecord(9999)), 'different builds'],
    ['that is cut off in a record', () => sealed(run.subarray(0, run.length - 8)), 'cut off'],
    ['that is cut off in the head of one', () => sealed(run, Buffer.alloc(4)), 'cut off'],
    ['whose record says a length beyond its end', () => sealed(Buffer.from('02000000ffffffff', 'hex')), 'cut off'],
    ['with a field too many', () => sealed(encodeRecord(planTag.VERB, [u(1), u(1)])), 'broken'],
    ['with a field too few', () => sealed(run, encodeRecord(planTag.FILES, [s('/lock')])), 'broken'],
    ['with a string longer than its record', () => sealed(run, Buffer.from('0200000008000000ff00000061000000', 'hex')), 'broken'],
    [
      'with a string that goes on behind a NUL',
      () => sealed(run, Buffer.from('020000000800000003000000610062000000000000000000', 'hex').subarray(0, 16)),
      'broken',
    ],
    ['without a verb', () => sealed(), 'no verb'],
  ])('%s', async (_, plan, detail) => {
    const { code, statuses } = await answer(plan())
    expect(code).toBe(125)
    expect(statuses).toHaveLength(1)
    expect(statuses[0]).toMatchObject({ kind: 'failed', failure: { stage: 'plan', detail: expect.stringContaining(detail) as string } })
  })

  it('that somebody could still change', async () => {
    const path = join(folder, 'plan')
    writeFileSync(path, Buffer.concat([magic, run]))
    const { code, statuses } = await answer(openSync(path, 'r'))
    expect(code).toBe(125)
    expect(statuses).toMatchObject([{ kind: 'failed', failure: { stage: 'plan', detail: 'the plan is not sealed' } }])
  })
})

describe('the runtime', () => {
  it('tells the call that failed, with its errno', async () => {
    const files = encodeRecord(planTag.FILES, [s(`${folder}/nowhere/lock`), s(''), s(''), s('')])
    const { code, statuses } = await answer(sealed(run, files))
    expect(code).toBe(125)
    expect(statuses).toEqual([
      {
        kind: 'failed',
        failure: { stage: 'lock', errno: 2, call: `open(${folder}/nowhere/lock)`, subject: `${folder}/nowhere/lock`, detail: '' },
      },
    ])
  })

  it('leaves the records of a container alone whose lock it does not get', async () => {
    const lock = join(folder, 'lock')
    for (const name of ['lock', 'live', 'exit']) writeFileSync(join(folder, name), 'kept')
    const holder = openSync(lock, 'r+')
    try {
      expect(addon.ofdLock({ fd: holder, mode: 'write' })).toBe(true)
      const files = encodeRecord(planTag.FILES, [s(lock), s(join(folder, 'live')), s(join(folder, 'exit')), s('')])
      const { statuses } = await answer(sealed(run, files))
      expect(statuses).toMatchObject([{ kind: 'failed', failure: { stage: 'lock', errno: 11 } }])
    } finally {
      closeSync(holder)
    }
    for (const name of ['live', 'exit']) expect(readFileSync(join(folder, name), 'utf8')).toBe('kept')
  })
})
