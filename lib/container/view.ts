import type { ContainerPaths } from '../system/paths.ts'
import type { ContainerRecord, ContainerStatus, ExitRecord, LiveRecord } from './record.ts'

/** A container as a command sees it at one moment. */
export interface ContainerView {
  record: ContainerRecord
  paths: ContainerPaths
  status: ContainerStatus
  /** While it runs. */
  live: LiveRecord | undefined
  /** Once it has ended. */
  exit: ExitRecord | undefined
}

export const isRunning = (view: ContainerView) => view.status === 'running' || view.status === 'paused'
