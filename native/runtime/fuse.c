#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "fuse-options.h"
#include "mountapi.h"
#include "own-id.h"
#include "report.h"
#include "rootfs.h"
#include "sync.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

/*
 * With keep-id, root of the namespace is a stranger to the host's file servers, and to folders of groups that are not mapped. So the
 * helper is the user himself, with the capabilities of root, which exec takes from any other than root unless they are ambient.
 */
static void take_own_ids(const struct plan *plan) {
  const struct id_map *uid = own_id(&plan->uid_maps, plan->own_uid), *gid = own_id(&plan->gid_maps, plan->own_gid);
  struct caps caps;
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (gid != NULL) (void)!setresgid((gid_t)gid->container, (gid_t)gid->container, (gid_t)gid->container);
  if (uid != NULL) (void)!setresuid((uid_t)uid->container, (uid_t)uid->container, (uid_t)uid->container);
  if (getuid() == 0 || caps_get(&caps) < 0) return;
  caps.effective = caps.inheritable = caps.permitted;
  if (caps_set(&caps) == 0) caps_ambient(caps.permitted);
}

static _Noreturn void become_helper(const struct plan *plan, const char *folder, const char *mount_options, int words, pid_t parent) {
  const char *const argv[] = {"fuse-overlayfs", "-f", "-o", mount_options, plan->merged, NULL};
  const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  struct rlimit files;
  /* It holds a descriptor for each layer, and one for each file that is open in the container. */
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  take_own_ids(plan);
  signal(SIGPIPE, SIG_IGN); /* when the mount stands, nobody reads its words any more */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(125);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 2; fd++) dup2(null, fd);
  dup2(words, 2);
  syscall(NR_CLOSE_RANGE, 3, ~0U, 1 << 2 /* close on exec */);
  if (chdir(folder) == 0) execve(plan->fuse_overlayfs, (char *const *)argv, (char *const *)environment);
  dprintf(2, "%s: %s", plan->fuse_overlayfs, strerror(errno));
  _exit(127);
}

static bool is_sync(int fd) {
  int type;
  socklen_t size = sizeof type;
  return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/*
 * With a monitor that listens, its own child: it outlives the stage that starts it here, and ends with the monitor. glibc's fork()
 * can't do that; in the child only what become_helper does is done. Else the caller's child, which ends with the caller.
 */
static pid_t start(const struct plan *plan, const char *folder, const char *mount_options, int words) {
  bool sister = is_sync(report_fd);
  pid_t parent = sister ? getppid() : getpid();
  int pidfd = -1;
  long pid = syscall(SYS_clone, (sister ? CLONE_PARENT | CLONE_PIDFD : 0) | SIGCHLD, NULL, &pidfd, NULL, 0L);
  if (pid < 0) fail("rootfs", errno, "fuse-overlayfs", "", "clone()");
  if (pid == 0) become_helper(plan, folder, mount_options, words, parent);
  if (sister) sync_send_number(report_fd, SYNC_HELPER, (uint64_t)pid, pidfd);
  if (pidfd >= 0) close(pidfd);
  return (pid_t)pid;
}

/* Until the mount point answers as FUSE does, or the helper has ended, which is seen by the end of its pipe. */
static void wait_for_mount(const struct plan *plan, int mountinfo, int words) {
  char said[3072];
  size_t length = 0;
  struct pollfd polled[2] = {{.fd = mountinfo, .events = POLLPRI}, {.fd = words, .events = POLLIN}};
  for (;;) {
    int root = rootfs_mounted(FUSE_SUPER_MAGIC);
    if (root >= 0) {
      close(root);
      return;
    }
    if (poll(polled, 2, -1) < 0 && errno != EINTR) fail("rootfs", errno, plan->merged, "", "poll()");
    if (polled[1].revents == 0) continue;
    char rest[256];
    bool full = length == sizeof said - 1;
    ssize_t count = full ? read(words, rest, sizeof rest) : read(words, said + length, sizeof said - 1 - length);
    if (count > 0 && !full) length += (size_t)count;
    if (count == 0 || (count < 0 && errno != EINTR)) break;
  }
  while (length > 0 && said[length - 1] == '\n') length--;
  said[length] = '\0';
  /* libfuse says this in good times too. */
  const char *complaint = strncmp(said, "unknown argument ignored", 24) == 0 && strchr(said, '\n') != NULL ? strchr(said, '\n') + 1 : said;
  fail("rootfs", 0, plan->merged, complaint, "fuse-overlayfs has ended");
}

void fuse_overlayfs_mount(const struct plan *plan) {
  if (plan->lower.count == 0 || plan->fuse_overlayfs == NULL) fail("rootfs", EINVAL, plan->merged, "it has no layers, or no program to mount them", "fuse-overlayfs");
  char folder[PATH_MAX];
  const char *mount_options = fuse_options(plan, folder);
  int words[2];
  /* Opened before the mount, so that no change of the table is missed. */
  int mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (mountinfo < 0 || pipe2(words, O_CLOEXEC) < 0) fail("rootfs", errno, plan->merged, "", "pipe2()");
  start(plan, folder, mount_options, words[1]);
  close(words[1]);
  wait_for_mount(plan, mountinfo, words[0]);
  close(words[0]);
  close(mountinfo);
}
