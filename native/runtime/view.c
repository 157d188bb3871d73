#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "container.h"
#include "mountapi.h"
#include "mounts.h"
#include "proc.h"
#include "report.h"
#include "resolve.h"
#include "rootfs.h"
#include "tree.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#define MQUEUE_MAGIC_ 0x19800202

static int opened = -1, user_namespace = -1, mount_namespace = -1;

static int open_of(pid_t pid, const char *name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) fail("target", errno == ENOENT ? ESRCH : errno, path, "", "open(%s)", path);
  return fd;
}

/* Start times are compared after all is open: then it is of the process that was meant. */
static void open_process(const struct plan *plan) {
  pid_t pid = (pid_t)plan->target_pid;
  user_namespace = open_of(pid, "ns/user", O_RDONLY);
  if (plan->view == VIEW_PROCESS_ROOT) mount_namespace = open_of(pid, "ns/mnt", O_RDONLY);
  else opened = open_of(pid, "root", O_PATH | O_DIRECTORY);
  if (proc_start_time(pid) != plan->target_start_time) fail("target", ESRCH, "", "the container has ended", "/proc/%d/stat", pid);
}

void view_prepare(const struct plan *plan) {
  const char *path = plan->view == VIEW_HOST ? "/" : plan->view_path;
  switch ((enum view_kind)plan->view) {
    case VIEW_HOST:
    case VIEW_DIRECTORY:
      opened = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (opened < 0) fail("view", errno, path, "", "open(%s)", path);
      break;
    case VIEW_ROOTFS: break;
    case VIEW_PROCESS:
    case VIEW_PROCESS_ROOT: open_process(plan); break;
    default: fail("plan", EINVAL, "", "no such view", "view %llu", (unsigned long long)plan->view);
  }
}

void view_enter(const struct plan *plan) {
  if (user_namespace < 0) return;
  if (setns(user_namespace, CLONE_NEWUSER) < 0) fail("target", errno, "", "", "setns(/proc/%d/ns/user)", (pid_t)plan->target_pid);
  close(user_namespace);
  child_become_root(plan);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* The mount of the root alone can be taken from inside only. Before Linux 5.2 it is looked at with what lies over it left out. */
static int take_root(const struct plan *plan, struct view *view) {
  if (setns(mount_namespace, CLONE_NEWNS) < 0) fail("target", errno, "", "", "setns(/proc/%d/ns/mnt)", (pid_t)plan->target_pid);
  close(mount_namespace);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail("view", errno, "/", "", "open(/)");
  int tree = open_tree_at(root, "", TREE_CLONE | AT_EMPTY_PATH);
  view->one_file_system = tree < 0;
  return tree < 0 ? root : tree;
}

static int mount_rootfs(const struct plan *plan) {
  int root = rootfs_mount(plan);
  mounts_carry_out(plan, root);
  if (plan->root_readonly && tree_change(root, ATTRIBUTE_RDONLY, 0, false) < 0) fail("rootfs", errno, "/", "", "mount_setattr(/, MOUNT_ATTR_RDONLY)");
  return root;
}

void view_open(const struct plan *plan, struct view *view) {
  struct stat status;
  *view = (struct view){.root = opened};
  if (plan->view == VIEW_ROOTFS) view->root = mount_rootfs(plan);
  if (plan->view == VIEW_PROCESS_ROOT) view->root = take_root(plan, view);
  if (fstat(view->root, &status) < 0) fail("view", errno, "/", "", "fstat(/)");
  view->device = view->devices = status.st_dev;
  if (plan->view != VIEW_PROCESS) return;
  int devices = resolve(view->root, "/dev", O_PATH);
  if (devices >= 0 && fstat(devices, &status) == 0) view->devices = status.st_dev;
  if (devices >= 0) close(devices);
}

void view_sync(const struct view *view) {
  struct statfs status;
  /* Of any other file system this would wait for the disk. */
  if (fstatfs(view->root, &status) < 0 || status.f_type != FUSE_SUPER_MAGIC) return;
  int root = openat(view->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root >= 0) syncfs(root), close(root);
}

void view_close(const struct plan *plan, const struct view *view) {
  /* fuse-overlayfs ends with this process. */
  if (plan->view == VIEW_ROOTFS) view_sync(view);
}

bool view_is_system(const struct view *view, int fd, dev_t device) {
  struct statfs status;
  if (device == view->device) return false;
  if (view->devices != view->device && device == view->devices) return true;
  if (fstatfs(fd, &status) < 0) return false;
  switch ((unsigned long)status.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEVPTS_SUPER_MAGIC:
    case SECURITYFS_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case BPF_FS_MAGIC:
    case MQUEUE_MAGIC_: return true;
    default: return false;
  }
}
