import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type RegistryBox, useRegistryBoxes } from '../helpers/registry-box.ts'
import { useFaultyRegistry } from '../helpers/registry-setup.ts'

const newBox = useRegistryBoxes()
const at = useFaultyRegistry('app:v1', { layers: [{ one: '1' }, { two: randomBytes(4_000_000) }, { three: randomBytes(100_000) }] })
const KILLS = 50
let name: string

beforeAll(() => {
  name = `${at.registry.host}/app:v1`
})

/** Milliseconds. */
async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return Math.ceil(performance.now() - start)
}

/** Whatever is to be seen can be used, and the store is in order once it has been put in order. */
async function expectOrder(box: RegistryBox, when: string): Promise<void> {
  const repair = await box.lichen('system', 'check', '--repair')
  expect({ code: repair.code, stderr: repair.stderr }, `${when}: ${repair.stdout}`).toEqual({ code: 0, stderr: '' })
  expect(await box.lichen('system', 'check'), when).toEqual({ code: 0, stdout: '', stderr: '' })
}

test(`pull, load and rmi, killed at ${KILLS} points: the next command works, and nothing is wrong after a repair`, async () => {
  const box = await newBox()
  const archive = join(box.files, 'app.tar')
  const verbs = { pull: ['pull', name], load: ['load', '-i', archive], rmi: ['rmi', '--force', name] }
  const usual = { pull: await duration(() => box.ok(...verbs.pull)), load: 0, rmi: 0 }
  await box.ok('save', '-o', archive, name)
  usual.rmi = await duration(() => box.ok(...verbs.rmi))
  usual.load = await duration(() => box.ok(...verbs.load))

  for (let round = 0; round < KILLS; round++) {
    // What one of them leaves, whole or not, the next one comes upon.
    const verb = (['pull', 'rmi', 'load', 'rmi'] as const)[round % 4]!
    const run = box.start(verbs[verb])
    const wait = randomInt(0, usual[verb])
    await new Promise((resolve) => setTimeout(resolve, wait))
    run.kill('SIGKILL')
    await run.exited
    await expectOrder(box, `round ${round}: ${verb}, killed after ${wait} of ${usual[verb]} ms`)
  }

  for (const verb of ['pull', 'rmi', 'load', 'rmi'] as const) await box.ok(...verbs[verb])
  expect(await box.images()).toEqual([])
}, 400_000)
