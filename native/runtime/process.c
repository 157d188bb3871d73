#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "console.h"
#include "container.h"
#include "descriptors.h"
#include "report.h"
#include "resolve.h"
#include "sandbox.h"
#include "stdfds.h"
#include "sync.h"
#include "trace.h"

/* The parent may be in another pid namespace, where getppid() says 0 before and after its end: the socket tells. */
void process_end_with_monitor(int sync) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct pollfd polled = {.fd = sync};
  if (poll(&polled, 1, 0) == 1 && (polled.revents & (POLLHUP | POLLERR))) _exit(125);
}

/* Without a terminal too, as with Docker: it is no member of anybody's session. */
static void take_stdio(const struct process *process) {
  setsid();
  if (process->plan->terminal && ioctl(process->stdio[0], TIOCSCTTY, 0) < 0) fail("sandbox", errno, "", "", "ioctl(TIOCSCTTY)");
  stdfds_place(process->stdio);
  stdfds_give(process->given);
  descriptors_close_but(3 + (int)process->given, &process->sync, 1, 0);
  /* A program of another user opens its own pipes again by /dev/stdout (runc). One with a name is a file of the caller's. */
  for (int fd = 0; fd < 3; fd++) {
    struct stat status;
    struct statfs system;
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC) (void)!fchown(fd, process->user->uid, (gid_t)-1);
  }
}

/* Through no magic link: /proc/self/fd/N would be a directory of the host, were one still open (CVE-2024-21626). */
static int enter_cwd(const char *path) {
  char where[PATH_MAX];
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = root < 0 ? -1 : resolve(root, path, O_PATH | O_DIRECTORY);
  if (fd < 0 || fchdir(fd) < 0) {
    int error = errno;
    close(fd), close(root);
    return errno = error, -1;
  }
  close(fd), close(root);
  if (syscall(SYS_getcwd, where, sizeof where) < 0) return -1;
  if (*where != '/') fail("cwd", EXDEV, path, "it lies outside of the container", "getcwd()");
  return 0;
}

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_execute(const struct process *process) {
  const struct plan *plan = process->plan;
  if (plan->args.count == 0) fail("plan", EINVAL, "", "it has no program", "execve()");
  if (*plan->cwd != '/') fail("cwd", EINVAL, plan->cwd, "it is not an absolute path", "chdir(%s)", plan->cwd);
  take_stdio(process);
  const char *const *environment = environment_of(plan, process->user);
  /* Tickets and tokens in the caller's keyring are not the container's. Where keys are used up, a filter may still keep it from them. */
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  bool entered = enter_cwd(plan->cwd) == 0;
  if (!entered && errno != EACCES && errno != EPERM) fail("cwd", errno, plan->cwd, "", "chdir(%s)", plan->cwd);
  umask(plan->has_umask ? (mode_t)plan->umask_bits : 0022);
  trace_phase("descriptors, environment");
  if (process->waits) sync_wait(process->sync, SYNC_READY);
  trace_phase("wait for the network");
  reset_signals();
  sandbox_enter(plan, process->user);
  /* A directory that only the user himself may enter, on NFS for example. */
  if (!entered && enter_cwd(plan->cwd) < 0) fail("cwd", errno, plan->cwd, "", "chdir(%s)", plan->cwd);
  if (process->waits) process_end_with_monitor(process->sync);
  sandbox_close(plan, process->user);
  trace_phase("sandbox");
  execute(plan, environment);
}

void process_main(const struct plan *plan, const struct child_io *io) {
  static struct user user;
  report_fd = io->sync;
  report_undo = NULL;
  /* Processes of the container see this one, and may not trace it: it still has the host's file system in its memory. */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail("target", errno, "/", "", "open(/)");
  users_find(plan, root, &user);
  struct process process = {.plan = plan, .user = &user, .sync = io->sync, .given = io->given};
  int console = plan->terminal ? console_open(plan, root, io->sync, user.uid, false) : -1;
  for (int fd = 0; fd < 3; fd++) process.stdio[fd] = plan->terminal ? console : io->stdio[fd];
  process_execute(&process);
}
