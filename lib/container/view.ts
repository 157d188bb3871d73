import type { ContainerPaths } from '../system/paths.ts'
import type { ContainerRecord, ContainerStatus, ExitRecord, HealthRecord, LiveRecord } from './record.ts'

/** A container as a command sees it at one moment. */
export interface ContainerView {
  record: ContainerRecord
  paths: ContainerPaths
  status: ContainerStatus
  /** While it runs. */
  live: LiveRecord | undefined
  /** Once it has ended. */
  exit: ExitRecord | undefined
  /** Of one whose health is checked, once it has been started. */
  health?: HealthRecord | undefined
}

/** It has a process. */
export const isRunning = (view: ContainerView) => view.status === 'running' || view.status === 'paused'

/** A monitor sees to it: it has a process, or will have one again soon. What Docker calls running. */
export const isActive = (view: ContainerView) => isRunning(view) || view.status === 'restarting'
