#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "container.h"
#include "mounts.h"
#include "report.h"
#include "tree.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

static struct rootfs_parts parts = {.parent = -1, .merged = -1, .upper = -1, .work = -1};
static struct rlimit files_before; /* rlim_max 0: not changed */
static const char *not_opened;     /* the path that could not be */

static int open_part(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) not_opened = path;
  return fd;
}

static int open_layers(const struct plan *plan) {
  size_t count = plan->lower.count;
  struct rlimit limit;
  /* More layers than a usual limit of 1024 has room for beside everything else. */
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count + 256) {
    if (files_before.rlim_max == 0) files_before = limit;
    limit.rlim_cur = limit.rlim_max < count + 256 ? limit.rlim_max : count + 256;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  int *lower = mmap(NULL, (count + 1) * sizeof *lower, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (lower == MAP_FAILED) return -1;
  for (size_t i = 0; i < count; i++) {
    lower[i] = open_part(plan->lower.at[i]);
    if (lower[i] < 0) return -1;
  }
  parts.lower = lower;
  if (*plan->upper == '\0') return 0;
  parts.upper = open_part(plan->upper);
  parts.work = parts.upper < 0 ? -1 : open_part(plan->work);
  return parts.work < 0 ? -1 : 0;
}

/* Once, and again where it has failed: by somebody who may go elsewhere, or must say so. */
static int open_parts(const struct plan *plan) {
  if (parts.parent >= 0) return 0;
  const char *slash = plan->merged == NULL ? NULL : strrchr(plan->merged, '/');
  char path[PATH_MAX];
  not_opened = plan->merged;
  if (slash == NULL || slash[1] == '\0' || strlen(plan->merged) >= sizeof path || strlen(slash + 1) > NAME_MAX) return errno = EINVAL, -1;
  strcpy(parts.name, slash + 1);
  memcpy(path, plan->merged, (size_t)(slash - plan->merged)), path[slash - plan->merged] = '\0';
  int parent = open(slash == plan->merged ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) return -1;
  parts.merged = openat(parent, parts.name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parts.merged < 0 || (plan->rootfs_kind == ROOTFS_OVERLAY && open_layers(plan) < 0)) return -1;
  parts.parent = parent;
  return 0;
}

void rootfs_prepare(const struct plan *plan) { open_parts(plan); }

int rootfs_mounted(long magic) {
  struct statfs status;
  int fd = openat(parts.parent, parts.name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  if (fstatfs(fd, &status) == 0 && status.f_type == magic) return fd;
  close(fd);
  return -1;
}

/* A mount point is what pivot_root wants: the directory is mounted onto itself. */
static int mount_directory(const struct plan *plan) {
  int tree = tree_clone(parts.merged, "", true);
  if (tree < 0) fail("rootfs", errno, plan->merged, mount_reason(errno), "open_tree(%s)", plan->merged);
  int root = tree_attach(tree, parts.merged, AT_FDCWD, plan->merged);
  if (root < 0) fail("rootfs", errno, plan->merged, mount_reason(errno), "move_mount(%s)", plan->merged);
  return root;
}

int rootfs_mount(const struct plan *plan) {
  if (open_parts(plan) < 0) {
    const char *detail = errno == EMFILE ? "your limit of open files is too low for so many layers (ulimit -Hn)" : "";
    fail("rootfs", errno, not_opened == NULL ? "" : not_opened, detail, "open(%s, O_PATH)", not_opened == NULL ? "" : not_opened);
  }
  long magic = OVERLAYFS_SUPER_MAGIC;
  switch ((enum rootfs_kind)plan->rootfs_kind) {
    case ROOTFS_DIRECTORY: return mount_directory(plan);
    case ROOTFS_OVERLAY: overlay_mount(plan, &parts); break;
    case ROOTFS_FUSE_OVERLAYFS: fuse_overlayfs_mount(plan), magic = FUSE_SUPER_MAGIC; break;
    default: fail("plan", EINVAL, "", "no such kind of root file system", "rootfs %llu", (unsigned long long)plan->rootfs_kind);
  }
  if (files_before.rlim_max != 0) setrlimit(RLIMIT_NOFILE, &files_before);
  int root = rootfs_mounted(magic);
  if (root < 0) fail("rootfs", errno, plan->merged, "it was mounted, and is not there", "open(%s)", plan->merged);
  return root;
}

void rootfs_unmount(int root) { (void)!umount2(fd_path(root).text, MNT_DETACH); }
