import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allocateContainer, sweepAborted } from '../../../lib/container/allocate.ts'
import { discardContainer, graves, recordIn } from '../../../lib/container/discard.ts'
import { exclusively } from '../../../lib/container/exclusive.ts'
import { findContainer } from '../../../lib/container/find.ts'
import type { ContainerRecord, ExitRecord, LiveRecord } from '../../../lib/container/record.ts'
import { observe } from '../../../lib/container/state.ts'
import { until } from '../../../lib/container/until.ts'
import type { ContainerView } from '../../../lib/container/view.ts'
import { exitRecordOf, waitForExit } from '../../../lib/container/wait.ts'
import { addon } from '../../../lib/system/addon.ts'
import type { Context } from '../../../lib/system/context.ts'
import { withLock } from '../../../lib/system/lock.ts'
import { containersDir, namesDir } from '../../../lib/system/paths.ts'

let folder: string
let context: Context
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lichen-life-'))
  context = { paths: { data: join(folder, 'data'), run: join(folder, 'run') }, config: {}, runtime: '' }
  mkdirSync(context.paths.run)
})
afterEach(() => rmSync(folder, { recursive: true }))

async function make(name?: string, id = 'a'.repeat(64)): Promise<ContainerView> {
  const draft = { version: 1, id, name, created: '2024-05-01T12:00:00Z', options: {}, image: { config: {} }, mounts: [], ports: [] }
  const { record, paths } = await allocateContainer(context, draft as unknown as ContainerRecord, () => ({}))
  // As a first start does.
  mkdirSync(paths.runDir, { recursive: true })
  return { record, paths, status: 'created', live: undefined, exit: undefined }
}

/** What a monitor does, as far as others see it. */
class Monitor {
  #lock: FileHandle | undefined
  constructor(private readonly view: ContainerView) {}

  async takeLock(): Promise<void> {
    // The start that a monitor belongs to has made it.
    await mkdir(this.view.paths.runDir, { recursive: true, mode: 0o700 })
    this.#lock = await open(this.view.paths.lock, 'a+')
    expect(addon.ofdLock({ fd: this.#lock.fd, mode: 'write' })).toBe(true)
  }

  async run(): Promise<ContainerView> {
    await this.takeLock()
    this.writeLive()
    return observe(this.view.record, this.view.paths)
  }

  writeLive(): void {
    const live: LiveRecord = { pid: 1, startTime: 1, monitorPid: 1, monitorStartTime: 1, restarts: 0, restarting: false, last: null, startedAt: '', cgroup: '' }
    writeFileSync(this.view.paths.live, JSON.stringify(live))
  }

  async end(exitCode: number): Promise<void> {
    const exit: ExitRecord = { exitCode, oomKilled: false, startedAt: '', finishedAt: '2024-05-01T12:00:01Z', error: '' }
    writeFileSync(this.view.paths.exit, JSON.stringify(exit))
    rmSync(this.view.paths.live, { force: true })
    await this.kill()
  }

  async kill(): Promise<void> {
    await this.#lock?.close()
  }
}

const settledSoon = <T>(promise: Promise<T>) => Promise.race([promise.then(() => true), new Promise((resolve) => setTimeout(resolve, 50, false))])
const notFound = expect.objectContaining({ code: 'CONTAINER_NOT_FOUND', exitCode: 1 })

describe('making', () => {
  it('gives a name to one container only', async () => {
    await make('web')
    await expect(make('web', 'b'.repeat(64))).rejects.toThrow(expect.objectContaining({ code: 'NAME_IN_USE' }))
    expect(readdirSync(containersDir(context.paths))).toEqual(['a'.repeat(64)])
  })

  it('takes over the name of a container whose making or removal was cut short, and clears up', async () => {
    const view = await make('web')
    rmSync(view.paths.dir, { recursive: true })
    mkdirSync(`${containersDir(context.paths)}/.new-${'c'.repeat(64)}`)
    await make('web', 'b'.repeat(64))
    expect(readdirSync(containersDir(context.paths))).toEqual(['b'.repeat(64)])
  })

  it('that was cut short is cleared up, run folder and all', async () => {
    const view = await make('web')
    const [id, run] = ['c'.repeat(64), `${context.paths.run}/c/${'c'.repeat(12)}`]
    for (const path of [`${containersDir(context.paths)}/.new-${id}`, run]) mkdirSync(path, { recursive: true })
    await sweepAborted(context)
    expect(readdirSync(containersDir(context.paths))).toEqual([view.record.id])
    expect(existsSync(run)).toBe(false)
  })

  it('that was cut short after the name was taken gives the name back', async () => {
    const { record, paths } = await make('web')
    renameSync(paths.dir, `${containersDir(context.paths)}/.new-${record.id}`)
    await sweepAborted(context)
    expect(readdirSync(namesDir(context.paths))).toEqual([])
  })

  it('that was cut short leaves the name to who has taken it over', async () => {
    const { record, paths } = await make('web')
    renameSync(paths.dir, join(folder, 'aside'))
    await make('web', 'b'.repeat(64))
    renameSync(join(folder, 'aside'), `${containersDir(context.paths)}/.new-${record.id}`)
    await sweepAborted(context)
    expect(readdirSync(namesDir(context.paths))).toEqual(['web'])
    expect((await findContainer(context, 'web')).record.id).toBe('b'.repeat(64))
  })
})

describe('the exit code', () => {
  it('of one that never ran is unknown, and not waited for', async () => {
    expect(await exitRecordOf(await make())).toBeUndefined()
  })

  it('is told to all who wait, when the lock is free', async () => {
    const view = await make()
    const monitor = new Monitor(view)
    const running = await monitor.run()
    expect(running.status).toBe('running')
    const waiters = Promise.all([exitRecordOf(running), exitRecordOf(running)])
    expect(await settledSoon(waiters)).toBe(false)
    await monitor.end(7)
    expect((await waiters).map((exit) => exit?.exitCode)).toEqual([7, 7])
  })

  it('outlives a container that is removed in the same moment', async () => {
    const view = await make()
    const monitor = new Monitor(view)
    const running = await monitor.run()
    const waiter = exitRecordOf(running)
    expect(await settledSoon(waiter)).toBe(false)
    // The remover is quicker than the waiter, who has not been woken yet.
    const removed = exclusively(view, async (now) => discardContainer(context, now, false))
    await monitor.end(9)
    rmSync((await removed).path, { recursive: true })
    expect((await waiter)?.exitCode).toBe(9)
  })

  it('is what the start left behind where the monitor was killed', async () => {
    const view = await make()
    const monitor = new Monitor(view)
    writeFileSync(view.paths.exit, JSON.stringify({ exitCode: 255, finishedAt: '0001-01-01T00:00:00Z' }))
    const waiter = exitRecordOf(await monitor.run())
    await monitor.kill()
    expect((await waiter)?.exitCode).toBe(255)
    expect((await observe(view.record, view.paths)).status).toBe('exited')
  })

  it('is not taken from a start that is under way', async () => {
    const view = await make()
    await mkdir(view.paths.runDir, { recursive: true, mode: 0o700 })
    await withLock(view.paths.mutex, 'exclusive', async () => {
      writeFileSync(view.paths.exit, JSON.stringify({ exitCode: 255, finishedAt: '0001-01-01T00:00:00Z' }))
      const now = await observe(view.record, view.paths)
      expect([now.status, now.exit]).toEqual(['created', undefined])
      expect(await exitRecordOf(now)).toBeUndefined()
    })
    expect((await observe(view.record, view.paths)).status).toBe('exited')
  })

  it('is waited for as long as one likes', async () => {
    const monitor = new Monitor(await make())
    const running = await monitor.run()
    expect(await waitForExit(running, 20)).toBe(false)
    const longer = waitForExit(running, 5000)
    await monitor.end(0)
    expect(await longer).toBe(true)
  })
})

describe('changes', () => {
  it('of one container happen one after the other', async () => {
    const view = await make()
    const order: string[] = []
    const change = (name: string) =>
      exclusively(view, async () => {
        order.push(`${name} begins`)
        await new Promise((resolve) => setTimeout(resolve, 10))
        order.push(`${name} ends`)
      })
    await Promise.all([change('a'), change('b'), change('c')])
    expect(order.map((line, at) => line.endsWith(at % 2 === 0 ? 'begins' : 'ends'))).not.toContain(false)
  })

  it('find that the container has gone, and leave nothing', async () => {
    const view = await make('web')
    let late: Promise<unknown> = Promise.resolve()
    await exclusively(view, (now) => {
      late = exclusively(view, async () => 'done')
      late.catch(() => {})
      return discardContainer(context, now, false)
    })
    await expect(late).rejects.toThrow(notFound)
    expect(existsSync(view.paths.runDir)).toBe(false)
    await expect(findContainer(context, 'web')).rejects.toThrow(notFound)
  })

  it('of a container that many remove at once are told so, wherever they meet', async () => {
    for (let round = 0; round < 20; round++) {
      const view = await make('web')
      const all = await Promise.allSettled(Array.from({ length: 6 }, () => exclusively(view, (now) => discardContainer(context, now, false))))
      const failures = all.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
      expect(failures).toEqual(Array.from({ length: 5 }, () => notFound))
      expect(existsSync(view.paths.runDir)).toBe(false)
      for (const { path } of await graves(context)) rmSync(path, { recursive: true })
    }
  })

  it('make the run folder again that somebody takes away between two steps', async () => {
    const view = await make()
    for (let round = 0; round < 300; round++) {
      const change = exclusively(view, async () => 'done')
      const takeAway = setInterval(() => rmSync(view.paths.runDir, { recursive: true, force: true }), 0)
      for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve, rmSync(view.paths.runDir, { recursive: true, force: true })))
      clearInterval(takeAway)
      expect(await change).toBe('done')
    }
  })

  it('wait for a start whose launcher was killed', async () => {
    const view = await make()
    const monitor = new Monitor(view)
    await monitor.takeLock()
    const seen = exclusively(view, async (now) => now.status)
    expect(await settledSoon(seen)).toBe(false)
    monitor.writeLive()
    expect(await seen).toBe('running')
    await monitor.end(0)
  })

  it('wait for such a start to fail', async () => {
    const view = await make()
    const monitor = new Monitor(view)
    await monitor.takeLock()
    const seen = exclusively(view, async (now) => now.status)
    expect(await settledSoon(seen)).toBe(false)
    await monitor.kill()
    expect(await seen).toBe('created')
  })
})

describe('removing', () => {
  it('leaves a grave that says what is left to do, and keeps the name for others', async () => {
    const view = await make('web')
    const grave = await exclusively(view, (now) => discardContainer(context, now, true))
    expect(await graves(context)).toEqual([grave])
    expect(grave.volumes).toBe(true)
    expect((await recordIn(grave))?.name).toBe('web')
    await make('web', 'b'.repeat(64))
    expect(readFileSync(join(context.paths.data, 'names/web'), 'utf8')).toBe('b'.repeat(64))
  })
})

describe('looking until', () => {
  it('sees a start and an end', async () => {
    const view = await make()
    const monitor = new Monitor(view)
    const started = until(view, ({ now }) => now.status === 'running')
    expect(await settledSoon(started)).toBe(false)
    await monitor.run()
    const running = await started
    const ended = until(running, ({ monitored }) => !monitored)
    expect(await settledSoon(ended)).toBe(false)
    await monitor.end(3)
    expect((await ended).exit?.exitCode).toBe(3)
  })

  it('sees a removal', async () => {
    const view = await make()
    const gone = until(view, ({ removed }) => removed)
    expect(await settledSoon(gone)).toBe(false)
    await exclusively(view, (now) => discardContainer(context, now, false))
    await gone
  })
})
