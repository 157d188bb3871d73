/*
 * The wire between the launcher (TypeScript) and the native runtime.
 * lib/runtime/protocol.ts is the same file in the other language; a unit test compares the numbers.
 * docs/protocol.md draws who sends what and when.
 *
 * A record is: u32 tag, u32 length of the payload, payload, zero padding to a multiple of 8.
 * A payload is a fixed sequence of fields (given behind each tag):
 *   u  unsigned 64-bit little-endian;  i  signed 64-bit little-endian
 *   s  u32 length, the bytes, one NUL that the length does not count; then padding to a multiple of 4.
 *      A field that follows is therefore only 4-aligned: read it with memcpy.
 *   b  like s, for binary data
 * Lists are records that repeat, in order. Unknown tags are an error: both sides come from one build.
 */
#ifndef LICHEN_PROTOCOL_H
#define LICHEN_PROTOCOL_H

#define PLAN_MAGIC "LICHENP1" /* the first eight bytes of a plan */

/* File descriptors that the launcher hands to the runtime. 0, 1 and 2 are /dev/null (unshare: data). */
enum {
  FD_PLAN = 3,   /* sealed memfd with the plan */
  FD_STATUS = 4, /* stream socket: status records to the launcher, control records from it */
  FD_CLIENT = 5, /* stream socket: the first attached client, where the plan says so */
  FD_STDIO = 6,  /* and 7, 8: the caller's own 0, 1 and 2, for LOG_PASSTHROUGH */
  FD_GIVEN = 9,  /* and on: as many as PLAN_GIVEN says, 3 and on of the process */
};

enum plan_tag {
  /* what to do, and for whom */
  PLAN_VERB = 1,           /* u: enum plan_verb */
  PLAN_ID = 2,             /* s: container id, 64 hex digits */
  /* identity */
  PLAN_TRACE = 3,          /* (empty): STATUS_TRACE is wanted */
  PLAN_UID_MAP = 10,       /* u container, u host, u size; repeats */
  PLAN_GID_MAP = 11,       /* the same */
  PLAN_NEWUIDMAP = 12,     /* s: path of the setuid helper; absent: write the map ourselves */
  PLAN_NEWGIDMAP = 13,     /* s */
  PLAN_SETGROUPS_DENY = 14,/* (empty): write "deny" to /proc/PID/setgroups first */
  /* namespaces */
  PLAN_NAMESPACES = 20,    /* u: CLONE_NEW* bits to create (run), or to enter (exec) */
  PLAN_JOIN = 21,          /* u CLONE_NEW* bit, s path of a namespace file; repeats; user first */
  PLAN_HOSTNAME = 22,      /* s */
  PLAN_DOMAINNAME = 23,    /* s */
  PLAN_SYSCTL = 24,        /* s key with dots or slashes, s value; repeats */
  /* root file system */
  PLAN_ROOTFS = 30,        /* u enum rootfs_kind, s merged (mount point, or the directory), s upper, s work, s extra options */
  PLAN_LOWER = 31,         /* s absolute path of a layer; repeats, topmost first */
  PLAN_FUSE_OVERLAYFS = 32,/* s: path of the program */
  PLAN_ROOT_READONLY = 33, /* (empty) */
  PLAN_ROOT_PROPAGATION = 34, /* u: MS_PRIVATE, MS_SLAVE, ... with MS_REC where wanted */
  /* mounts and what belongs to them, carried out in order */
  PLAN_MOUNT = 40,         /* u enum mount_kind, s source, s target (absolute, in the container), s data, u MOUNT_ATTR_* bits, u enum mount_flag bits, u mode or propagation */
  PLAN_MOUNT_CONTENT = 41, /* b: what the MOUNT_CONTENT before it writes */
  PLAN_MOUNT_LOWER = 43,   /* s: folder of a layer of the MOUNT_IMAGE before it; repeats, topmost first */
  PLAN_ENTRY = 42,         /* s: /etc/passwd or /etc/group of the image, s a line that is added unless the file is missing or has its name or id; repeats */
  /* the process */
  PLAN_ARG = 50,           /* s; repeats */
  PLAN_ENV = 51,           /* s NAME=value; repeats */
  PLAN_CWD = 52,           /* s: made when missing, as Docker does */
  PLAN_USER = 53,          /* s: "", name, uid, either with :group; names looked up in the container's /etc/passwd and /etc/group */
  PLAN_GROUP = 54,         /* s name or gid: additional group; repeats */
  PLAN_KEEP_GROUPS = 55,   /* (empty): no setgroups, the caller's groups stay */
  PLAN_CAPS_ROOT = 56,     /* u bounding, effective, inheritable, permitted, ambient: for uid 0 */
  PLAN_CAPS_USER = 57,     /* the same five, for every other uid */
  PLAN_NO_NEW_PRIVS = 58,  /* (empty) */
  PLAN_SECCOMP = 59,       /* b: struct sock_filter array, u: flags for seccomp(2) */
  PLAN_RLIMIT = 60,        /* u RLIMIT_*, u soft, u hard; repeats */
  PLAN_UMASK = 61,         /* u */
  PLAN_OOM_SCORE_ADJ = 62, /* i */
  PLAN_TERMINAL = 63,      /* u rows, u columns: give it a pty (0 0: size unknown) */
  PLAN_STDIN = 64,         /* u enum stdin_mode */
  PLAN_INIT = 65,          /* (empty): a reaping init of ours is pid 1, the process is pid 2 */
  PLAN_STREAMS = 66,       /* u: 1 = FD_CLIENT is a client that speaks the attach protocol */
  PLAN_GIVEN = 68,         /* u: how many of the caller's descriptors the process gets on top of 0, 1 and 2; not when it is started again */
  PLAN_DETACH_KEYS = 67,   /* reserved: keys are read by the client */
  /* network */
  PLAN_NET_HELPER = 70,    /* s: argv of slirp4netns; repeats. "{net}" becomes the path of the namespace file; fd 3 is its ready fd, fd 4 its exit fd.
                              It is started as root of the container's user namespace, or, where some argument has "{user}", the path of
                              that one, as the caller. (slirp4netns 1.2 sandboxes itself with --netns-type=path in the first way only.) */
  PLAN_NET_API_SOCKET = 71,/* s: path of its API socket */
  PLAN_NET_API_REQUEST = 72,/* s: one JSON request, sent as it is; repeats */
  /* cgroup */
  PLAN_CGROUP = 80,        /* u enum cgroup_mode, s directory (CGROUP_DIRECTORY: absolute path of the container's cgroup, made by us) */
  PLAN_CGROUP_CONTROLLERS = 81, /* s: what to write to the parent's cgroup.subtree_control, "+memory +pids" */
  PLAN_CGROUP_WRITE = 82,  /* s file name, s value; repeats */
  /* files and life */
  PLAN_GRAVE = 88,         /* s: the container's folder, once the launcher has said CONTROL_DISCARDED */
  PLAN_PIDFILE = 89,       /* s: where the host pid is written at each start again; the first time it is for the launcher to do */
  PLAN_FILES = 90,         /* s lock, s live record, s exit record, s attach socket */
  PLAN_LOG = 91,           /* u enum log_driver, s path, u max size in bytes (0: none), u max files, b what every entry has: LOG_JSON_FILE the text of
                              further members, each with a comma behind; LOG_JOURNALD lines NAME=value */
  PLAN_CLEANUP_ARG = 92,   /* s: argv that takes the monitor's place when the container is gone, unless the launcher says CONTROL_CLEANED, or PLAN_GRAVE can be deleted; repeats */
  PLAN_STOP_TIMEOUT = 93,  /* u milliseconds: --timeout, 0 none */
  PLAN_RESTART = 94,       /* u enum restart_policy, u most restarts (0: no limit) */
  PLAN_HEALTH = 95,        /* s health record, u interval (0: on demand only), u timeout, u retries, u start period, u start interval, all in milliseconds, u enum health_action,
                              b plan of an exec; the monitor puts PLAN_TARGET and PLAN_CGROUP behind it */
  PLAN_STOP = 96,          /* u signal, u milliseconds: how the monitor itself stops the container */
  PLAN_EVENTS = 97,        /* s the log of events, s members of one of the container's, its attributes the last and still open; exec: of its end */
  PLAN_EVENT = 98,         /* u enum event_phase, s members of an event of something else; repeats */
  PLAN_AMENDMENT = 99,     /* s: a file of records that may come to be: the PLAN_EVENTS and PLAN_RESTART that count from then on */
  /* exec */
  PLAN_TARGET = 100,       /* u host pid of the container's first process, u its start time (field 22 of /proc/PID/stat) */
  /* unshare */
  PLAN_OP = 110,           /* u enum unshare_op */
  PLAN_OP_PATH = 111,      /* s; repeats; meaning given with each operation */
  PLAN_OP_FLAGS = 112,     /* u: enum op_flag bits */
  PLAN_OP_OWN = 113,       /* s: absolute path in the container where the runtime itself mounts something; repeats */
  PLAN_VIEW = 114,         /* u enum view_kind, s path: whose files OP_STAT, OP_PACK, OP_UNPACK and OP_CHANGES work on */
};

enum plan_verb { VERB_RUN = 1, VERB_EXEC = 2, VERB_UNSHARE = 3 };

enum rootfs_kind { ROOTFS_OVERLAY = 1, ROOTFS_FUSE_OVERLAYFS = 2, ROOTFS_DIRECTORY = 3 };

enum mount_kind {
  MOUNT_BIND = 1,     /* source: host path, opened before the pivot; data: path below it, out of which no link leads, or "" */
  MOUNT_FS = 2,       /* source: file system type; data: its options */
  MOUNT_SYMLINK = 3,  /* source: link text */
  MOUNT_MASK = 4,     /* target hidden by /dev/null or an empty read-only tmpfs; missing: nothing to do */
  MOUNT_READONLY = 5, /* target bound onto itself read-only; missing: nothing to do */
  MOUNT_MKDIR = 6,    /* mode in the last field */
  MOUNT_PROPAGATION = 7, /* target's propagation is set to the last field */
  MOUNT_CONTENT = 8,  /* a file that is in memory only: it is made on the tmpfs that is mounted at source, and put to target. data: "uid:gid"; its mode in the last field */
  MOUNT_IMAGE = 9,    /* layers as one tree, by the kernel. source: a folder with "point", an empty directory, and with MOUNT_UPPER "upper" and "work"; data: as of a bind */
};

enum mount_flag {
  MOUNT_RECURSIVE = 1,  /* bind: with what is mounted below it */
  MOUNT_OPTIONAL = 2,   /* a source that does not exist is passed over, a link that can't be made is no failure */
  MOUNT_COPY_UP = 4,    /* what the image has at target is copied into the new, empty file system or volume */
  MOUNT_SLAVE = 8, MOUNT_SHARED = 16, /* bind: propagation other than private */
  MOUNT_CREATE_SOURCE = 32, /* bind: make a missing source directory */
  MOUNT_UPPER = 128,    /* image: what is changed goes to "upper" */
  MOUNT_CHOWN = 64,     /* bind: what is mounted is given to the user and group of the process, all of it */
};

enum stdin_mode { STDIN_NONE = 0, STDIN_OPEN = 1, STDIN_ONCE = 2 /* closed with the first client's */ };

enum cgroup_mode {
  CGROUP_NONE = 0,
  CGROUP_DIRECTORY = 1, /* mkdir, limits, clone into it, rmdir; exec: clone into it */
  CGROUP_SCOPE = 2,     /* wait for CONTROL_GO: the launcher has had the service manager put this process into a scope;
                           then <own cgroup>/monitor is ours and <own cgroup>/container the container's.
                           exec: wait likewise, then clone into the given directory */
};

/* "unless-stopped" is "always" to a monitor, which does not outlive the machine. */
enum restart_policy { RESTART_NO = 0, RESTART_ALWAYS = 1, RESTART_ON_FAILURE = 2 };

/* When the container has become unhealthy. RESTART: whatever the policy. */
enum health_action { HEALTH_NOTHING = 0, HEALTH_KILL = 1, HEALTH_RESTART = 2, HEALTH_STOP = 3 };

enum event_phase { EVENT_START = 0, EVENT_END = 1 };

enum log_driver {
  LOG_NONE = 0, LOG_JSON_FILE = 1, LOG_K8S_FILE = 2,
  LOG_JOURNALD = 3,    /* path: its socket */
  LOG_PASSTHROUGH = 4, /* FD_STDIO, +1 and +2 are 0, 1 and 2 of the process */
};

enum unshare_op {
  OP_EXEC = 1,   /* PLAN_ARG in the mapped user namespace, stdio inherited; exit status is the program's */
  OP_APPLY = 2,  /* OP_PATH: an empty directory; stdin: apply records */
  OP_REMOVE = 3, /* OP_PATH: trees to remove, absolute; what is gone already is fine. Without id maps: by our own rights, in no namespace */
  OP_MERGE = 4,  /* OP_PATH: target directory, then layers, bottom first: copies (reflink where possible) with whiteouts carried out */
  OP_PROBE = 5,  /* PLAN_ROOTFS, PLAN_LOWER: mount it, make a file through it, undo */
  OP_MOUNT = 6,  /* PLAN_ROOTFS, PLAN_LOWER, without id maps: mount it in the caller's mount namespace, below OP_PATH, a folder that first becomes a tmpfs there;
                   PLAN_TARGET: a helper ends with this process */
  OP_UNMOUNT = 7, /* OP_PATH: mount points that OP_MOUNT made; what is gone already is fine */
  OP_STAT = 8,   /* OP_PATH: paths in the view; a FOUND for each, in order */
  OP_PACK = 9,   /* OP_PATH: a path in the view, and what it is called in the stream ("": it stands for itself); entry records on stdout */
  OP_UNPACK = 10, /* OP_PATH: a directory in the view; stdin: entry records */
  OP_CHANGES = 11,/* the view is a directory, PLAN_LOWER the layers below it: what differs from them, as entry or CHANGE records on stdout */
};

enum op_flag {
  OP_FOLLOW = 1,         /* stat, pack: a link at the end of the path is followed; stat: unless it dangles */
  OP_OWNERS = 2,         /* unpack: files get the owners of the stream, not those of who unpacks */
  OP_CONFINED = 4,       /* unpack: no link is followed below the directory; without it links lead as they do in the view */
  OP_MERGED = 8,         /* changes: the view is a whole tree, not the upper directory of an overlay */
  OP_WHITEOUT_FILES = 16,/* changes: a file .wh.NAME hides NAME, as fuse-overlayfs makes them */
  OP_NAMES = 32,         /* changes: CHANGE records in place of entries */
  OP_SYNC = 128,         /* stat: what fuse-overlayfs is still to be given is written first */
  OP_TOP = 256,          /* unpack: the directory itself becomes as the stream has it, unless it is somebody else's */
  OP_KEEP = 512,         /* changes: the directory is to become a layer: what is not told is removed from it, and it is synced */
  OP_ARCHIVE = 1024,     /* unpack: links lead as if the directory were "/", and what is in the way is replaced, as tar(1) in a chroot does */
  OP_COUNT = 64,         /* changes, pack: no records at all, only the sums in DONE */
};

/* Whose files an operation sees. All but the first enter the namespaces that they need. */
enum view_kind {
  VIEW_HOST = 1,      /* the host's, by the rights of the user, or under the id maps where the plan has them */
  VIEW_DIRECTORY = 2, /* those below path, which is "/" for them, under the id maps */
  VIEW_ROOTFS = 3,    /* PLAN_ROOTFS, PLAN_LOWER, PLAN_MOUNT, PLAN_ROOT_READONLY: of a container that does not run, mounted for this process alone */
  VIEW_PROCESS = 4,   /* PLAN_TARGET: of a container that runs, with what is mounted in it */
  VIEW_PROCESS_ROOT = 5, /* the same without what is mounted */
};

/* Runtime -> launcher, on FD_STATUS */
enum status_tag {
  STATUS_STARTED = 1, /* u host pid, u start time in ticks, s container's cgroup directory or "" */
  STATUS_EXITED = 2,  /* u exit code (128+n for signal n), u 1 if the OOM killer struck */
  STATUS_FAILED = 3,  /* s stage, u errno, s the failed call with its arguments, s subject (path, program, port, id), s detail (a helper's own words); nothing runs any more */
  STATUS_WARNING = 4, /* the same fields; it goes on */
  STATUS_DONE = 5,    /* unshare: u entries, u bytes. Of OP_PACK the bytes are those of a tar */
  STATUS_FOUND = 6,   /* u enum entry_type, 0: nothing is there; u mode, u size, i mtime seconds, s target of a link */
  STATUS_TRACE = 7,   /* u enum trace_lane, s what was done, u from, u to, both in microseconds of the real-time clock; before STARTED and EXITED */
};

/* Whose time it was: the monitor's, or supervisor's; of a process between (stage.h, visit.h); of the container's first process, or that of an exec. */
enum trace_lane { TRACE_MONITOR = 1, TRACE_BETWEEN = 2, TRACE_CONTAINER = 3 };
/* Stages: "plan" "lock" "idmap" "namespace" "cgroup" "rootfs" "mount" "network" "port" "user" "cwd" "sandbox" "sysctl"
 * "exec" (the program: ENOENT is exit 127, any other 126) "log" "apply" "remove" "merge" "probe" "unmount" "target" "pack" "unpack" "view" */

/* Launcher -> runtime, on FD_STATUS */
enum control_tag {
  CONTROL_GO = 1,      /* (empty): the monitor is in its scope */
  CONTROL_CLEANED = 2, /* (empty): the launcher has removed the container itself */
  CONTROL_DISCARDED = 3, /* (empty): it is out of sight, and all that is left is to delete PLAN_GRAVE */
};

/* The attach protocol: frames over a stream socket, u32 type, u32 length, payload (no padding). */
enum frame_type {
  FRAME_HELLO = 1,     /* client: u32 bits of enum hello_flag; first frame on an accepted connection, and on FD_CLIENT */
  FRAME_STDIN = 2,     /* client: bytes */
  FRAME_STDIN_EOF = 3, /* client */
  FRAME_RESIZE = 4,    /* client: u32 rows, u32 columns */
  FRAME_STDOUT = 5,    /* runtime: bytes */
  FRAME_STDERR = 6,    /* runtime: bytes */
  FRAME_EXIT = 7,      /* runtime: u32 exit code; the last frame */
  FRAME_HEALTH = 8,    /* client: check the health now. runtime: u32 enum health_answer; the last frame */
};
enum health_answer { HEALTH_PASSED = 0, HEALTH_FAILED = 1, HEALTH_NO_CHECK = 2 };
enum hello_flag { HELLO_STDIN = 1, HELLO_STDOUT = 2, HELLO_STDERR = 4 };
#define FRAME_MAX 65536 /* bytes of payload */

/* Entry records: on stdin of OP_APPLY and OP_UNPACK, on stdout of OP_PACK and OP_CHANGES */
enum apply_tag {
  APPLY_ENTRY = 1, /* u enum entry_type, s path (relative, without "." and ".."; "" is the directory itself), s link target (of a hard link: as path), u mode, u uid, u gid, i mtime seconds, u nanoseconds, u size, u major, u minor; exactly `size` raw bytes and padding to 8 follow for ENTRY_FILE */
  APPLY_XATTR = 2, /* s name, b value: belongs to the next entry; repeats */
  APPLY_END = 3,   /* (empty) */
  APPLY_SPARSE = 4,/* b: pairs of u64, offset and length: belongs to the next entry, an ENTRY_FILE, of which only these pieces follow; the rest are holes */
  APPLY_CHANGE = 5,/* u enum change_kind, s path */
};
enum change_kind { CHANGE_ADDED = 1, CHANGE_CHANGED = 2, CHANGE_DELETED = 3 };
enum entry_type {
  ENTRY_FILE = 1, ENTRY_DIRECTORY = 2, ENTRY_SYMLINK = 3, ENTRY_HARDLINK = 4, ENTRY_CHAR = 5, ENTRY_BLOCK = 6, ENTRY_FIFO = 7,
  ENTRY_WHITEOUT = 8, /* path is hidden */
  ENTRY_OPAQUE = 9,   /* path is a directory that hides what is below */
};

#endif
