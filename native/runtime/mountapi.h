/* The mount calls of Linux 5.2 and 5.12 and openat2 of 5.6, by number: the C libraries that this is built with do not all have them. */
#ifndef LICHEN_MOUNTAPI_H
#define LICHEN_MOUNTAPI_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on every architecture but alpha. */
enum { NR_OPEN_TREE = 428, NR_MOVE_MOUNT = 429, NR_FSOPEN = 430, NR_FSCONFIG = 431, NR_FSMOUNT = 432, NR_CLOSE_RANGE = 436, NR_OPENAT2 = 437, NR_MOUNT_SETATTR = 442 };

enum { TREE_CLONE = 1, TREE_RECURSIVE = 0x8000 /* AT_RECURSIVE */ };
enum { CONFIG_FLAG = 0, CONFIG_STRING = 1, CONFIG_CREATE = 6 };
enum { ATTRIBUTE_RDONLY = 0x1, ATTRIBUTE_NOSUID = 0x2, ATTRIBUTE_NODEV = 0x4, ATTRIBUTE_NOEXEC = 0x8, ATTRIBUTE_NOATIME = 0x10,
       ATTRIBUTE_STRICTATIME = 0x20, ATTRIBUTE_ATIME = 0x70, ATTRIBUTE_NODIRATIME = 0x80, ATTRIBUTE_NOSYMFOLLOW = 0x200000 };
enum { RESOLVE_IS_NO_MAGICLINKS = 0x02, RESOLVE_IS_IN_ROOT = 0x10 };

struct attribute_change {
  uint64_t set, clear, propagation, userns;
};

struct open_manner {
  uint64_t flags, mode, resolve;
};

static inline int open_tree_at(int folder, const char *path, unsigned flags) {
  return (int)syscall(NR_OPEN_TREE, folder, path, flags | O_CLOEXEC);
}

/* The detached mount `tree` is put on top of what `target` is. */
static inline int move_mount_to(int tree, int target) {
  return (int)syscall(NR_MOVE_MOUNT, tree, "", target, "", 0x04 | 0x40 /* empty paths */);
}

static inline int fs_open(const char *type) { return (int)syscall(NR_FSOPEN, type, 1 /* close on exec */); }

static inline int fs_config(int fs, unsigned command, const char *key, const char *value) {
  return (int)syscall(NR_FSCONFIG, fs, command, key, value, 0);
}

static inline int fs_mount(int fs, uint64_t attributes) { return (int)syscall(NR_FSMOUNT, fs, 1 /* close on exec */, (unsigned)attributes); }

static inline int mount_change(int mount, unsigned flags, const struct attribute_change *change) {
  return (int)syscall(NR_MOUNT_SETATTR, mount, "", AT_EMPTY_PATH | flags, change, sizeof *change);
}

static inline int open_at2(int folder, const char *path, const struct open_manner *manner) {
  return (int)syscall(NR_OPENAT2, folder, path, manner, sizeof *manner);
}

#endif
