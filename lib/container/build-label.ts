import type { Context } from '../system/context.ts'
import { isLocked } from '../system/lock.ts'
import { buildSessionsDir } from '../system/paths.ts'
import type { ContainerRecord } from './record.ts'

/** The label of containers that steps of a build work in; its value is the build's session. */
export const BUILD_LABEL = 'lichen.build'

/** Whether a build works in it that goes on: between what a step executes and what it keeps of it nothing runs in there. */
export function isBeingBuilt({ paths }: Context, { options }: ContainerRecord): boolean {
  const session = options.labels[BUILD_LABEL]
  return session !== undefined && /^[0-9a-f]+$/.test(session) && isLocked(`${buildSessionsDir(paths)}/${session}`)
}
