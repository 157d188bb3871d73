#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "mounts.h"
#include "operations.h"
#include "records.h"
#include "report.h"

/* Another file system than what the folder that holds it is of: something is mounted there. -1 where it is not there. */
static int is_mounted(const char *path) {
  char parent[PATH_MAX];
  struct stat here, above;
  if (snprintf(parent, sizeof parent, "%s/..", path) >= (int)sizeof parent) return errno = ENAMETOOLONG, -1;
  if (lstat(path, &here) < 0 || stat(parent, &above) < 0) return -1;
  return here.st_dev != above.st_dev;
}

static void wake(int signal) { (void)signal; }

/*
 * A program that serves a mount holds the mount namespace, which would then never go. So it is the child of a keeper that ends, and it with
 * it (fuse.c), when the process of `lichen unshare` does. The keeper also ends when nothing is mounted any more.
 */
static void keep_in_background(const struct plan *plan) {
  pid_t keeper = fork();
  if (keeper < 0) fail("mount", errno, plan->merged, "", "fork()");
  if (keeper > 0) _exit(0); /* the keeper speaks to the launcher */
  setsid();
}

static _Noreturn void keep(const struct plan *plan) {
  sigset_t blocked, before;
  struct sigaction action = {.sa_handler = wake};
  struct pollfd owner = {.fd = (int)syscall(SYS_pidfd_open, (pid_t)plan->target_pid, 0), .events = POLLIN};
  sigemptyset(&blocked), sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  sigaction(SIGCHLD, &action, NULL);
  struct timespec second = {.tv_sec = 1}; /* before Linux 5.3 nobody tells of its end */
  if (chdir("/") < 0) exit(0);
  while (waitpid(-1, NULL, WNOHANG) == 0 && owner.revents == 0 && kill((pid_t)plan->target_pid, 0) == 0) {
    ppoll(&owner, 1, owner.fd < 0 ? &second : NULL, &before);
  }
  exit(0);
}

static _Noreturn void mount_and_keep(const struct plan *plan) {
  char record[64];
  struct writer writer;
  keep_in_background(plan);
  close(rootfs_mount(plan));
  record_begin(&writer, record, sizeof record, STATUS_DONE);
  record_u(&writer, 1), record_u(&writer, 0);
  report_send(FD_STATUS, record, record_end(&writer));
  close(FD_STATUS);
  keep(plan);
}

/*
 * Mount points are made in a file system of this mount namespace: they vanish with it, and another `lichen unshare`, which has the
 * same path, neither sees nor disturbs them.
 */
struct totals op_mount(const struct plan *plan) {
  if (plan->op_paths.count != 1 || plan->merged == NULL) fail("plan", EINVAL, "", "one folder, and a root file system in it", "%s", "");
  const char *folder = plan->op_paths.at[0];
  int mounted = is_mounted(folder);
  if (mounted < 0) fail("mount", errno, folder, "", "stat(%s)", folder);
  if (!mounted && mount("lichen", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0) {
    fail("mount", errno, folder, mount_reason(errno), "mount(tmpfs)");
  }
  if (mkdir(plan->merged, 0755) < 0 && errno != EEXIST) fail("mount", errno, plan->merged, "", "mkdir(%s)", plan->merged);
  mounted = is_mounted(plan->merged);
  if (mounted < 0) fail("mount", errno, plan->merged, "", "stat(%s)", plan->merged);
  if (!mounted && plan->rootfs_kind == ROOTFS_FUSE_OVERLAYFS) mount_and_keep(plan);
  if (!mounted) close(rootfs_mount(plan));
  return (struct totals){.entries = !mounted};
}

/* What is in use stays until it is closed. `entries`: how many were mounted; the folders are gone then. */
struct totals op_unmount(const struct plan *plan) {
  struct totals totals = {0};
  for (size_t i = 0; i < plan->op_paths.count; i++) {
    const char *path = plan->op_paths.at[i];
    int mounted = is_mounted(path);
    if (mounted < 0 && errno == ENOENT) continue;
    if (mounted < 0) fail("unmount", errno, path, "", "stat(%s)", path);
    if (mounted && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0) fail("unmount", errno, path, "", "umount2(%s)", path);
    totals.entries += (uint64_t)mounted;
    if (rmdir(path) < 0 && errno != ENOENT) fail("unmount", errno, path, "", "rmdir(%s)", path);
  }
  return totals;
}
