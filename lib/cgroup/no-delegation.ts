import { LichenError } from '../system/errors.ts'
import type { CgroupFacts } from './detect.ts'

/** Why a limit can't be enforced here. */
export type Reason =
  | { kind: 'layout'; layout: CgroupFacts['layout'] }
  | { kind: 'nothing' }
  | { kind: 'no-manager'; slice: string | undefined }
  | { kind: 'controllers'; controllers: string[]; uid: number }
  /** Processes in the cgroup keep controllers from being enabled for its children. */
  | { kind: 'occupied'; path: string; named: boolean }
  | { kind: 'parent'; path: string }

const LOG_IN =
  'log in through PAM so that your systemd runs (ssh, su -, machinectl shell; loginctl enable-linger USER), or give a delegated cgroup: --cgroup-parent PATH'

/** The error that says so, with the line that mends it. */
export function noDelegation(reason: Reason): LichenError {
  const [message, hint] = say(reason)
  return new LichenError(message, { code: 'NO_CGROUP_DELEGATION', hint })
}

function say(reason: Reason): [message: string, hint: string] {
  switch (reason.kind) {
    case 'layout': {
      const has = { v1: 'version 1 only', hybrid: 'version 1 and 2 side by side', none: 'none', unified: '' }[reason.layout]
      return [
        `limits and --cgroup-parent need cgroup version 2 alone, and this host has ${has}`,
        'an administrator boots it with systemd.unified_cgroup_hierarchy=1; without limits containers run as they are',
      ]
    }
    case 'nothing':
      return ["no cgroup is delegated to you, so the limits that you ask for can't be enforced", LOG_IN]
    case 'no-manager':
      return [
        `systemd can't be reached${reason.slice === undefined ? '' : ` for --cgroup-parent ${reason.slice}`}, so the limits that you ask for can't be enforced`,
        LOG_IN,
      ]
    case 'controllers': {
      const names = reason.controllers.join(', ')
      const many = reason.controllers.length > 1
      return [
        `the cgroup controller${many ? 's' : ''} ${names} ${many ? 'are' : 'is'} not delegated to you`,
        reason.uid === 0
          ? `is it switched off at boot (cgroup_disable=) or missing in the kernel? See /sys/fs/cgroup/cgroup.controllers`
          : `an administrator runs: mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > /etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload; then log in anew`,
      ]
    }
    case 'occupied':
      return [
        `the cgroup ${reason.path} has processes of its own, so its children can't be given limits (cgroup v2, "no internal processes")`,
        reason.named ? 'give an empty cgroup as --cgroup-parent' : 'move the shell into a child cgroup first, or give an empty one: --cgroup-parent PATH',
      ]
    case 'parent':
      return [
        `the cgroup ${reason.path} is not there, or not yours to write`,
        'it must be delegated to you: its folder, cgroup.procs and cgroup.subtree_control writable',
      ]
  }
}
