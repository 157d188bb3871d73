import type { RunExtra } from '../../lib/plan/compile.ts'
import { id, identities } from './spec-input.ts'

/** What stands beside a specification; `seccomp` is a program of one instruction. */
export const runExtra: RunExtra = {
  id,
  identity: identities.user,
  cgroupVersion: 2,
  rootfs: { kind: 'directory', merged: '/data/merged' },
  network: { helper: ['slirp4netns'], apiSocket: '', requests: [] },
  cgroup: { mode: 'none' },
  seccomp: { program: new Uint8Array(8), flags: 0 },
  keepGroups: false,
  groups: [],
  secretEnvironment: [],
  secrets: [],
  links: [],
  entries: [],
  stdin: 'none',
  terminal: undefined,
  init: false,
  files: { lock: '/run/lock', live: '/run/live', exit: '/data/exit', pidfile: '', amendment: '', attachSocket: '/run/attach', grave: '' },
  log: { driver: 'none', path: '', maxSize: 0, maxFiles: 1, extra: Buffer.alloc(0) },
  cleanup: [],
  timeout: 0,
  restart: { policy: 'no', most: 0 },
  health: undefined,
  events: undefined,
  attached: false,
}
