import { readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ResourceLimits } from '../plan/options.ts'
import { LichenError } from '../system/errors.ts'
import { undoStack } from '../system/undo.ts'
import { type CgroupFacts, cgroupFacts, controllersOf } from './detect.ts'
import { type LimitWrite, limitWrites } from './limits.ts'
import { noDelegation } from './no-delegation.ts'

/** What has been written can be taken back as long as something else may fail. */
export type TakeBack = () => Promise<void>

/**
 * Gives a running container's cgroup other limits: all of them, or none. Controllers that it lacks are enabled above it where that is
 * possible. Throws NO_CGROUP_DELEGATION, BAD_LIMIT.
 */
export async function changeLimits(cgroup: string, before: ResourceLimits, after: ResourceLimits, known?: CgroupFacts): Promise<TakeBack> {
  const facts = known ?? (await cgroupFacts())
  const old = new Map(limitWrites(before, facts).map(({ file, value }) => [file, value]))
  const changed = limitWrites(after, facts).filter(({ file, value }) => old.get(file) !== value)
  if (changed.length === 0) return async () => {}
  if (facts.layout !== 'unified') throw noDelegation({ kind: 'layout', layout: facts.layout })
  if (cgroup === '') throw noDelegation({ kind: 'nothing' })
  await enableControllers(cgroup, changed)
  const undo = undoStack()
  for (const { file, value } of changed) {
    const path = `${cgroup}/${file}`
    try {
      const was = (await readFile(path, 'utf8')).trim()
      await writeFile(path, value, { flag: 'r+' })
      undo.add(`write ${was} to ${path}`, () => writeFile(path, was, { flag: 'r+' }))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Without its controller a cgroup has no limit.
      if (code === 'ENOENT' && value === 'max') continue
      await undo.run(refused(path, value, code ?? String(error)))
    }
  }
  return () => undo.run()
}

async function enableControllers(cgroup: string, changed: readonly LimitWrite[]): Promise<void> {
  const needed = new Set(changed.filter(({ value }) => value !== 'max').map(({ file }) => file.split('.')[0]!))
  const own = (await controllersOf(cgroup)) ?? []
  const absent = [...needed].filter((controller) => !own.includes(controller))
  if (absent.length === 0) return
  const parent = dirname(cgroup)
  const possible = (await controllersOf(parent)) ?? []
  const uid = process.geteuid?.() ?? 0
  const missing = absent.filter((controller) => !possible.includes(controller))
  if (missing.length > 0) throw noDelegation({ kind: 'controllers', controllers: missing, uid })
  try {
    await writeFile(`${parent}/cgroup.subtree_control`, absent.map((controller) => `+${controller}`).join(' '), { flag: 'r+' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') throw noDelegation({ kind: 'occupied', path: parent, named: false })
    throw noDelegation({ kind: 'controllers', controllers: absent, uid })
  }
}

function refused(path: string, value: string, code: string): LichenError {
  const file = path.slice(path.lastIndexOf('/') + 1)
  if (code === 'ENOENT' && file === 'io.weight') {
    return new LichenError('this kernel has no weights of block devices', { code: 'BAD_LIMIT', hint: 'it needs CONFIG_BLK_CGROUP_IOCOST' })
  }
  if (file.startsWith('cpuset.')) {
    return new LichenError(`Requested ${file === 'cpuset.cpus' ? 'CPUs' : 'memory nodes'} are not available - requested ${value}`, { code: 'BAD_LIMIT' })
  }
  return new LichenError(`the kernel refuses ${JSON.stringify(value)} for ${path}: ${code}`, { code: 'BAD_LIMIT' })
}
