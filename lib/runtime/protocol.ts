/**
 * The numbers of native/runtime/protocol.h. A unit test compares the two files;
 * docs/protocol.md draws who sends what and when.
 */

export const PLAN_MAGIC = 'LICHENP1'

export const planTag = {
  VERB: 1,
  ID: 2,
  TRACE: 3,
  UID_MAP: 10,
  GID_MAP: 11,
  NEWUIDMAP: 12,
  NEWGIDMAP: 13,
  SETGROUPS_DENY: 14,
  NAMESPACES: 20,
  JOIN: 21,
  HOSTNAME: 22,
  DOMAINNAME: 23,
  SYSCTL: 24,
  ROOTFS: 30,
  LOWER: 31,
  FUSE_OVERLAYFS: 32,
  ROOT_READONLY: 33,
  ROOT_PROPAGATION: 34,
  MOUNT: 40,
  MOUNT_CONTENT: 41,
  MOUNT_LOWER: 43,
  ENTRY: 42,
  ARG: 50,
  ENV: 51,
  CWD: 52,
  USER: 53,
  GROUP: 54,
  KEEP_GROUPS: 55,
  CAPS_ROOT: 56,
  CAPS_USER: 57,
  NO_NEW_PRIVS: 58,
  SECCOMP: 59,
  RLIMIT: 60,
  UMASK: 61,
  OOM_SCORE_ADJ: 62,
  TERMINAL: 63,
  STDIN: 64,
  INIT: 65,
  STREAMS: 66,
  GIVEN: 68,
  NET_HELPER: 70,
  NET_API_SOCKET: 71,
  NET_API_REQUEST: 72,
  CGROUP: 80,
  CGROUP_CONTROLLERS: 81,
  CGROUP_WRITE: 82,
  GRAVE: 88,
  PIDFILE: 89,
  FILES: 90,
  LOG: 91,
  CLEANUP_ARG: 92,
  STOP_TIMEOUT: 93,
  RESTART: 94,
  HEALTH: 95,
  STOP: 96,
  EVENTS: 97,
  EVENT: 98,
  AMENDMENT: 99,
  TARGET: 100,
  OP: 110,
  OP_PATH: 111,
  OP_FLAGS: 112,
  OP_OWN: 113,
  VIEW: 114,
} as const

export const verb = { run: 1, exec: 2, unshare: 3 } as const
export const rootfsKind = { overlay: 1, 'fuse-overlayfs': 2, directory: 3 } as const
export const mountKind = { bind: 1, fs: 2, symlink: 3, mask: 4, readonly: 5, mkdir: 6, propagation: 7, content: 8, image: 9 } as const
export const mountFlag = { recursive: 1, optional: 2, 'copy-up': 4, slave: 8, shared: 16, 'create-source': 32, chown: 64, upper: 128 } as const
export const stdinMode = { none: 0, open: 1, once: 2 } as const
export const cgroupMode = { none: 0, directory: 1, scope: 2 } as const
export const restartPolicy = { no: 0, always: 1, 'on-failure': 2 } as const
export const healthAction = { none: 0, kill: 1, restart: 2, stop: 3 } as const
export const eventPhase = { start: 0, end: 1 } as const
export const logDriver = { none: 0, 'json-file': 1, 'k8s-file': 2, journald: 3, passthrough: 4 } as const
export const unshareOp = { exec: 1, apply: 2, remove: 3, merge: 4, probe: 5, mount: 6, unmount: 7, stat: 8, pack: 9, unpack: 10, changes: 11 } as const
export const opFlag = {
  follow: 1,
  owners: 2,
  confined: 4,
  merged: 8,
  'whiteout-files': 16,
  names: 32,
  count: 64,
  sync: 128,
  top: 256,
  keep: 512,
  archive: 1024,
} as const
export const viewKind = { host: 1, directory: 2, rootfs: 3, process: 4, 'process-root': 5 } as const
export const statusTag = { STARTED: 1, EXITED: 2, FAILED: 3, WARNING: 4, DONE: 5, FOUND: 6, TRACE: 7 } as const
export const traceLane = { monitor: 1, between: 2, container: 3 } as const
export const controlTag = { GO: 1, CLEANED: 2, DISCARDED: 3 } as const
export const frameType = { HELLO: 1, STDIN: 2, STDIN_EOF: 3, RESIZE: 4, STDOUT: 5, STDERR: 6, EXIT: 7, HEALTH: 8 } as const
export const healthAnswer = { PASSED: 0, FAILED: 1, NO_CHECK: 2 } as const
export const helloFlag = { STDIN: 1, STDOUT: 2, STDERR: 4 } as const
export const applyTag = { ENTRY: 1, XATTR: 2, END: 3, SPARSE: 4, CHANGE: 5 } as const
export const changeKind = { added: 1, changed: 2, deleted: 3 } as const
export const entryType = { file: 1, directory: 2, symlink: 3, hardlink: 4, char: 5, block: 6, fifo: 7, whiteout: 8, opaque: 9 } as const

/** Descriptors the runtime finds its plan, its status socket and its first client at. */
export const runtimeFd = { PLAN: 3, STATUS: 4, CLIENT: 5, STDIO: 6, GIVEN: 9 } as const

/** CLONE_NEW* of linux/sched.h. */
export const namespaceBit = {
  user: 0x10000000,
  mnt: 0x00020000,
  pid: 0x20000000,
  net: 0x40000000,
  ipc: 0x08000000,
  uts: 0x04000000,
  cgroup: 0x02000000,
} as const

/** MOUNT_ATTR_* of linux/mount.h. */
export const mountAttribute = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  strictatime: 0x20,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
} as const
