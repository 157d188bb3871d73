#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
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

static int open_part(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("rootfs", errno, path, errno == EMFILE ? "your limit of open files is too low for so many layers (ulimit -Hn)" : "", "open(%s, O_PATH)", path);
  return fd;
}

static struct rlimit files_before; /* rlim_max 0: not changed */

static void open_layers(const struct plan *plan, struct rootfs_parts *parts) {
  size_t count = plan->lower.count;
  struct rlimit limit;
  if (count == 0) fail("rootfs", EINVAL, plan->merged, "it has no layers", "overlay");
  /* More layers than a usual limit of 1024 has room for beside everything else. */
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count + 256) {
    files_before = limit;
    limit.rlim_cur = limit.rlim_max < count + 256 ? limit.rlim_max : count + 256;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  parts->lower = mmap(NULL, count * sizeof *parts->lower, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (parts->lower == MAP_FAILED) fail("rootfs", errno, plan->merged, "", "mmap()");
  for (size_t i = 0; i < count; i++) parts->lower[i] = open_part(plan->lower.at[i]);
  if (*plan->upper != '\0') parts->upper = open_part(plan->upper), parts->work = open_part(plan->work);
}

const struct rootfs_parts *rootfs_open(const struct plan *plan) {
  static struct rootfs_parts parts = {.parent = -1, .merged = -1, .upper = -1, .work = -1};
  if (parts.parent >= 0) return &parts;
  const char *slash = plan->merged == NULL ? NULL : strrchr(plan->merged, '/');
  char path[PATH_MAX];
  if (slash == NULL || slash[1] == '\0' || strlen(plan->merged) >= sizeof path || strlen(slash + 1) > NAME_MAX) {
    fail("rootfs", EINVAL, plan->merged == NULL ? "" : plan->merged, "a root file system needs a mount point with a name of its own", "open()");
  }
  strcpy(parts.name, slash + 1);
  memcpy(path, plan->merged, (size_t)(slash - plan->merged)), path[slash - plan->merged] = '\0';
  int parent = open_part(slash == plan->merged ? "/" : path);
  parts.merged = openat(parent, parts.name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parts.merged < 0) fail("rootfs", errno, plan->merged, "", "open(%s, O_PATH)", plan->merged);
  if (plan->rootfs_kind == ROOTFS_OVERLAY) open_layers(plan, &parts);
  parts.parent = parent;
  return &parts;
}

int rootfs_mounted(const struct rootfs_parts *parts, long magic) {
  struct statfs status;
  int fd = openat(parts->parent, parts->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  if (fstatfs(fd, &status) == 0 && status.f_type == magic) return fd;
  close(fd);
  return -1;
}

/* A mount point is what pivot_root wants: the directory is mounted onto itself. */
static int mount_directory(const struct plan *plan, const struct rootfs_parts *parts) {
  int tree = tree_clone(parts->merged, "", true);
  if (tree < 0) fail("rootfs", errno, plan->merged, mount_reason(errno), "open_tree(%s)", plan->merged);
  int root = tree_attach(tree, parts->merged, AT_FDCWD, plan->merged);
  if (root < 0) fail("rootfs", errno, plan->merged, mount_reason(errno), "move_mount(%s)", plan->merged);
  return root;
}

int rootfs_mount(const struct plan *plan) {
  const struct rootfs_parts *parts = rootfs_open(plan);
  long magic = OVERLAYFS_SUPER_MAGIC;
  switch ((enum rootfs_kind)plan->rootfs_kind) {
    case ROOTFS_DIRECTORY: return mount_directory(plan, parts);
    case ROOTFS_OVERLAY: overlay_mount(plan, parts); break;
    case ROOTFS_FUSE_OVERLAYFS: fuse_overlayfs_mount(plan, parts), magic = FUSE_SUPER_MAGIC; break;
    default: fail("plan", EINVAL, "", "no such kind of root file system", "rootfs %llu", (unsigned long long)plan->rootfs_kind);
  }
  if (files_before.rlim_max != 0) setrlimit(RLIMIT_NOFILE, &files_before);
  int root = rootfs_mounted(parts, magic);
  if (root < 0) fail("rootfs", errno, plan->merged, "it was mounted, and is not there", "open(%s)", plan->merged);
  return root;
}
