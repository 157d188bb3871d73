import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { useBuildContext } from '../helpers/build-context.ts'
import type { Running } from '../helpers/process.ts'
import { useFaultyRegistry } from '../helpers/registry-setup.ts'
import { useSandbox } from '../helpers/sandbox.ts'
import { useSmallDisk } from '../helpers/small-disk.ts'

const box = useSandbox()
const context = useBuildContext(box)
const at = useFaultyRegistry('app:v1', { layers: [{ one: '1' }, { two: randomBytes(2_000_000) }] })

const layer = () => new RegExp(at.image.layers[1]!.digest)

/** Starts one that does not outlive the test. */
function begin(...flags: string[]): Running {
  const running = box.start(['build', ...flags, context.path])
  onTestFinished(async () => {
    running.kill('SIGKILL')
    await running.exited
  })
  return running
}

/** Nothing is left of a build: no container, no image of its name, no folder, nothing for the collector. */
async function expectClean(root = box.data): Promise<void> {
  expect(await box.ok('--root', root, 'ps', '-aq')).toBe('')
  expect(await box.ok('--root', root, 'images', '-q', 'late')).toBe('')
  expect(await box.ok('--root', root, 'system', 'check')).toBe('')
  const list = (folder: string) => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [])
  expect([...list('build/scratch'), ...list('tmp'), ...list('build/steps').filter((name) => !name.endsWith('.json'))]).toEqual([])
}

describe('a full disk', () => {
  const disk = useSmallDisk(box, 24)
  const root = () => join(disk.path, 'data')
  const build = (...flags: string[]) => box.start(['--root', root(), ...flags, 'build', '-t', 'late', context.path]).exited

  beforeAll(async () => {
    await box.ok('save', '-o', 'busybox.tar', 'busybox')
    await box.ok('--root', root(), 'load', '-q', '-i', 'busybox.tar')
  })

  test.each<[string, string, string[], string]>([
    ['what a step executes', 'RUN head -c 64m /dev/zero > /big', [], 'did not complete successfully: exit code: 1'],
    // The kernel writes for it later, and has nobody to tell then: a step would seem to have done well.
    ['the same with fuse-overlayfs', 'RUN head -c 64m /dev/zero > /big', ['--storage-driver', 'fuse-overlayfs'], 'did not complete successfully: exit code: 1'],
    ['what is copied', 'COPY big other /x/', [], 'Error: failed to build: write /x/big: no space left on device\n'],
    ['the layer of what is copied', 'COPY other /x/', [], 'Error: failed to build: no space is left in '],
  ])('of %s', async (_, instruction, flags, message) => {
    context.put('big', Buffer.alloc(32 << 20, 1))
    context.put('other', Buffer.alloc(12 << 20, 2))
    context.dockerfile('FROM busybox', 'RUN echo kept > /kept', instruction)
    const { code, stderr } = await build(...flags)
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/hint: Dockerfile:3: .*\nhint: .*make room \(lichen rmi/s)
    await expectClean(root())

    context.dockerfile('FROM busybox', 'RUN echo kept > /kept', `RUN cat /kept # and not ${instruction} ${flags.join(' ')}`)
    const next = await box.start(['--root', root(), ...flags, 'build', context.path]).exited
    expect(next).toMatchObject({ code: 0, stderr: expect.stringMatching(/#2 CACHED\n(.|\n)*\d kept\n/) })
  })

  test('of an output is told, and leaves no file', async () => {
    context.put('big', Buffer.alloc(32 << 20, 1))
    context.dockerfile('FROM scratch', 'COPY big /')
    const dest = join(disk.path, 'out.tar')
    const { code, stderr } = await box.lichen('build', '-o', `type=tar,dest=${dest}`, context.path)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`Error: ${dest} can't be written: no space left on device\n`) })
    expect(readdirSync(disk.path)).toEqual(['data'])
  })
})

interface Middle {
  /** What follows `FROM busybox` and a step that is done. */
  lines: string[]
  /** What it has said when it is there. */
  said: RegExp
  prepare?(): void
}

const middles: Record<string, Middle> = {
  RUN: { lines: ['RUN echo begun; sleep 1000'], said: /\d begun/ },
  COPY: { lines: ['COPY big many /x/'], said: /#3 .* COPY big/, prepare: fill },
  'a pull': {
    lines: ['COPY --from=HOST/app:v1 /one /one'],
    said: /Pulling fs layer/,
    prepare: () => at.proxy.rules.push({ match: layer(), fault: { kind: 'stall', after: 1000 } }),
  },
  'the tries of a pull': {
    lines: ['COPY --from=HOST/app:v1 /one /one'],
    said: /Pulling fs layer/,
    prepare: () => at.proxy.rules.push({ match: layer(), fault: { kind: 'status', status: 429, headers: { 'Retry-After': '50' } } }),
  },
}

/** So much that nobody has copied it before he is stopped. */
function fill(): void {
  context.put('big', Buffer.alloc(200 << 20, 1))
  for (let at = 0; at < 20; at++) context.put(`many/${at}`, `${at}`)
}

describe.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('%s', (signal) => {
  afterEach(async () => {
    await box.ok('rm', '--all', '--force')
  })

  test.each(Object.entries(middles))('in the middle of %s leaves nothing, and what was done is kept', async (name, { lines, said, prepare }) => {
    prepare?.()
    const first = `RUN echo ${signal} ${name} > /first`
    context.dockerfile('FROM busybox', first, ...lines.map((line) => line.replace('HOST', at.proxy.host)))
    const running = begin('-t', 'late')
    await running.printed(said, 'stderr')
    running.kill(signal)
    const { code, stderr } = await running.exited
    expect(code).toBe(signal === 'SIGKILL' ? 137 : 130)
    if (signal !== 'SIGKILL') {
      expect(stderr).toMatch(/#\d CANCELED\n(.|\n)*Error: the build was canceled\n$/)
      await expectClean()
    }
    context.dockerfile('FROM busybox', first)
    const next = await box.start(['build', context.path]).exited
    expect(next).toMatchObject({ code: 0, stderr: expect.stringContaining('#2 CACHED\n') })
    await expectClean()
  })

  test('in the middle of an export leaves no file', async () => {
    fill()
    context.dockerfile('FROM busybox', 'COPY big /')
    await box.ok('build', '-q', context.path)
    const dest = join(box.files, 'out.tar')
    const running = begin('-o', `type=tar,dest=${dest}`, '-o', 'type=image,name=late')
    await running.printed('exporting to client tarball', 'stderr')
    running.kill(signal)
    expect((await running.exited).code).toBe(signal === 'SIGKILL' ? 137 : 130)
    expect(existsSync(dest)).toBe(false)
    await box.ok('build', '-q', context.path)
    await expectClean()
  })

  test('is heard while a build waits for the cache of another', async () => {
    context.dockerfile('FROM busybox', 'RUN --mount=type=cache,target=/c,sharing=locked echo begun; sleep 1000')
    const holder = begin()
    await holder.printed(/\d begun/, 'stderr')
    context.put('Second', 'FROM busybox\nRUN --mount=type=cache,target=/c,sharing=locked echo mine\n')
    const waiting = begin('-f', join(context.path, 'Second'))
    await waiting.printed(/#2 .* RUN/, 'stderr')
    waiting.kill(signal)
    const { code, stderr } = await waiting.exited
    expect(code).toBe(signal === 'SIGKILL' ? 137 : 130)
    expect(stderr).not.toMatch(/\d mine/)
    expect(holder.ended).toBe(false)
    holder.kill('SIGINT')
    expect((await holder.exited).code).toBe(130)
  })
})
