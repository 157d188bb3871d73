#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "mountapi.h"
#include "report.h"
#include "rootfs.h"
#include "sync.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

#define COLON "fuse-overlayfs can't be told a path with a colon"
#define ARGUMENT_MAX (128u << 10) /* of one argument, in every kernel: MAX_ARG_STRLEN */

/*
 * Layers are named from the folder that holds them all: so the argument is short enough for hundreds of them, and commas that a data-root
 * may have in its name are not said.
 */
static size_t common_folder(const struct plan *plan) {
  const char *first = plan->lower.at[0];
  size_t length = strlen(first);
  for (size_t i = 0; i < plan->lower.count + 2; i++) {
    const char *path = i < plan->lower.count ? plan->lower.at[i] : i == plan->lower.count ? plan->upper : plan->work;
    if (*path == '\0') continue;
    size_t same = 0;
    while (same < length && path[same] == first[same] && path[same] != '\0') same++;
    length = same;
    while (length > 0 && first[length - 1] != '/') length--;
  }
  return length;
}

struct argument {
  char *text;
  size_t length;
};

static void add(const struct plan *plan, struct argument *argument, const char *text, bool is_path) {
  for (; *text != '\0'; text++) {
    if (is_path && *text == ':') fail("rootfs", EINVAL, plan->merged, COLON, "fuse-overlayfs");
    if (argument->length + 3 > ARGUMENT_MAX) fail("rootfs", E2BIG, plan->merged, "too many layers", "fuse-overlayfs");
    if (is_path && (*text == ',' || *text == '\\')) argument->text[argument->length++] = '\\';
    argument->text[argument->length++] = *text;
  }
}

static const char *options(const struct plan *plan, size_t folder) {
  struct argument argument = {.text = mmap(NULL, ARGUMENT_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
  if (argument.text == MAP_FAILED) fail("rootfs", errno, plan->merged, "", "mmap()");
  for (size_t i = 0; i < plan->lower.count; i++) {
    add(plan, &argument, i == 0 ? "lowerdir=" : ":", false);
    add(plan, &argument, plan->lower.at[i] + folder, true);
  }
  if (*plan->upper != '\0') {
    add(plan, &argument, ",upperdir=", false), add(plan, &argument, plan->upper + folder, true);
    add(plan, &argument, ",workdir=", false), add(plan, &argument, plan->work + folder, true);
  }
  if (*plan->rootfs_options != '\0') add(plan, &argument, ",", false), add(plan, &argument, plan->rootfs_options, false);
  return argument.text;
}

static _Noreturn void become_helper(const struct plan *plan, const char *folder, const char *mount_options, int words, pid_t parent) {
  const char *const argv[] = {"fuse-overlayfs", "-f", "-o", mount_options, plan->merged, NULL};
  const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  struct caps caps;
  struct rlimit files;
  /* It holds a descriptor for each layer, and one for each file that is open in the container. */
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  /* Without a root in the namespace, exec would take the capabilities away that mounting needs. */
  if (getuid() != 0 && caps_get(&caps) == 0) {
    caps.inheritable = caps.permitted;
    if (caps_set(&caps) == 0) caps_ambient(caps.permitted);
  }
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
  /* It cuts the upper directory at colons after it has made the path absolute. */
  if (strchr(plan->upper, ':') != NULL) fail("rootfs", EINVAL, plan->upper, COLON, "fuse-overlayfs");
  char folder[PATH_MAX];
  size_t length = common_folder(plan);
  if (length == 0 || length >= sizeof folder) fail("rootfs", EINVAL, plan->merged, "layers need absolute paths", "fuse-overlayfs");
  memcpy(folder, plan->lower.at[0], length), folder[length] = '\0';
  const char *mount_options = options(plan, length);
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
