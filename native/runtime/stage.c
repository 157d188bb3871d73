#include "stage.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "clone.h"
#include "join.h"
#include "report.h"
#include "sync.h"
#include "trace.h"

static bool mounts(const struct plan *plan) { return plan->rootfs_kind == ROOTFS_FUSE_OVERLAYFS; }

bool stage_needed(const struct plan *plan) { return mounts(plan) || plan->joins.count > 0; }

/* With joins it starts out in the host's: joining a network namespace of the host's is possible from there only. */
uint64_t stage_flags(const struct plan *plan) { return plan->joins.count > 0 ? 0 : (plan->namespaces & CLONE_NEWUSER) | CLONE_NEWNS; }

static int mount_rootfs(const struct plan *plan, int sync) {
  bool new_user = (plan->namespaces & CLONE_NEWUSER) != 0;
  if (plan->joins.count > 0) {
    if (unshare((int)(plan->namespaces & CLONE_NEWUSER) | CLONE_NEWNS) < 0) fail("namespace", errno, "", "", "unshare(CLONE_NEWNS)");
    if (new_user) sync_send(sync, SYNC_UNSHARED, -1, "namespace");
  }
  container_prepare(plan);
  if (new_user) sync_wait(sync, SYNC_MAPPED);
  child_become_root(plan);
  if (mount("", "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) fail("rootfs", errno, "/", "", "mount(/, MS_SLAVE)");
  return rootfs_mount(plan);
}

void stage_main(const struct plan *plan, const struct child_io *io, int cgroup) {
  trace_become(TRACE_BETWEEN);
  child_begin(io, cgroup);
  /* Others may be in there who could look into this process and take what it holds of the host. */
  if (plan->joins.count > 0) prctl(PR_SET_DUMPABLE, 0);
  join_files(plan);
  int root = mounts(plan) ? mount_rootfs(plan, io->sync) : -1;
  trace_phase("namespaces, root file system");
  uint64_t made = CLONE_NEWCGROUP | (mounts(plan) ? CLONE_NEWUSER : 0);
  uint64_t flags = plan->namespaces & ~made;
  pid_t pid = clone_process(flags | CLONE_PARENT, cgroup);
  if (pid == 0) {
    trace_become(TRACE_CONTAINER);
    if (cgroup >= 0) close(cgroup);
    if (root >= 0) close(root);
    child_main(plan, io, (flags & CLONE_NEWUSER) == 0);
  }
  sync_send_number(io->sync, SYNC_CHILD, (uint64_t)pid, -1);
  /*
   * The container's own mount namespace is to be the last that holds the mount: when it goes, the kernel writes back what
   * fuse-overlayfs has not had yet and ends it. Killed instead, it would lose that.
   */
  if (root >= 0) rootfs_unmount(root);
  _exit(0);
}
