#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "console.h"
#include "entries.h"
#include "init.h"
#include "mountapi.h"
#include "mounts.h"
#include "own-id.h"
#include "pivot.h"
#include "process.h"
#include "report.h"
#include "resolve.h"
#include "rootfs.h"
#include "settings.h"
#include "sources.h"
#include "trace.h"
#include "tree.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

void container_prepare(const struct plan *plan) {
  umask(0); /* modes are said where something is made */
  rootfs_prepare(plan);
  sources_open(plan);
}

/* By the rights of the user, who gets there for certain. */
static int open_as_user(const struct plan *plan, const char *path) {
  const struct id_map *uid = own_id(&plan->uid_maps, plan->own_uid), *gid = own_id(&plan->gid_maps, plan->own_gid);
  if (gid != NULL) setfsgid((gid_t)gid->container);
  if (uid != NULL) setfsuid((uid_t)uid->container);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), error = errno;
  setfsuid(geteuid());
  setfsgid(getegid());
  errno = error;
  return fd;
}

/* What a stage has mounted is in this mount namespace too, but not where the stage's descriptors lead. */
static int open_staged(const struct plan *plan) {
  struct statfs status;
  int root = open_as_user(plan, plan->merged);
  if (root < 0 || fstatfs(root, &status) < 0) fail("rootfs", errno, plan->merged, "", "open(%s, O_PATH)", plan->merged);
  if (status.f_type != FUSE_SUPER_MAGIC) fail("rootfs", ENODEV, plan->merged, "fuse-overlayfs is not mounted there", "fstatfs(%s)", plan->merged);
  if (!tree_is_detached()) sources_forget();
  return root;
}

static void make_cwd(const struct plan *plan, int root) {
  if (*plan->cwd != '/') fail("cwd", EINVAL, plan->cwd, "it is not an absolute path", "chdir(%s)", plan->cwd);
  int fd = resolve_make(root, plan->cwd, S_IFDIR | 0755, NULL);
  if (fd < 0) fail("cwd", errno, plan->cwd, errno == ELOOP ? "it leads through a link that is not followed" : mount_reason(errno), "mkdir(%s)", plan->cwd);
  close(fd);
}

void container_main(const struct plan *plan, const struct child_io *io) {
  static struct user user;
  report_fd = io->sync;
  report_undo = NULL;
  process_end_with_monitor(io->sync);
  umask(0);
  if (chdir("/") < 0) fail("namespace", errno, "/", "", "chdir(/)");
  /* By now this process is in its cgroup, which becomes what the namespace shows as "/". */
  if ((plan->namespaces & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0) fail("namespace", errno, "", "", "unshare(CLONE_NEWCGROUP)");
  settings_apply(plan);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

  /* No mount of ours comes out; what the host mounts later may still come into those binds that want it. */
  if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) fail("mount", errno, "/", "", "mount(/, MS_SLAVE|MS_REC)");
  trace_phase("namespaces, settings");
  int root = plan->rootfs_kind == ROOTFS_FUSE_OVERLAYFS ? open_staged(plan) : rootfs_mount(plan);
  trace_phase("root file system");
  entries_add(plan, root);
  trace_phase("lines of passwd and group");
  mounts_carry_out(plan, root);
  trace_phase("mounts");
  users_find(plan, root, &user);
  mounts_give_away(&user);
  struct process process = {.plan = plan, .user = &user, .sync = io->sync, .given = io->given, .waits = true};
  int console = plan->terminal ? console_open(plan, root, io->sync, user.uid, true) : -1;
  for (int fd = 0; fd < 3; fd++) process.stdio[fd] = plan->terminal ? console : io->stdio[fd];
  trace_phase("user, console");
  make_cwd(plan, root);
  if (plan->root_readonly && tree_change(root, ATTRIBUTE_RDONLY, 0, false) < 0) fail("rootfs", errno, "/", "", "mount_setattr(/, MOUNT_ATTR_RDONLY)");
  pivot(root);
  if (plan->root_propagation != 0 && mount(NULL, "/", NULL, plan->root_propagation, NULL) < 0) fail("rootfs", errno, "/", "", "mount(/, propagation)");

  trace_phase("working directory, pivot");
  setsid();
  if (plan->init) init_fork();
  process_execute(&process);
}
