#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_CLOEXEC_ (1U << 2)

void CloseOnExec(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC_) == 0) return;
  // Before 5.11: one by one, as far as descriptors can go.
  struct rlimit limit;
  unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (1u << 20) ? static_cast<unsigned>(limit.rlim_cur) : 1u << 20;
  for (unsigned fd = first; fd < end && fd <= last; fd++) fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
}

void ResetSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

static bool IsWanted(const Child *child, int fd) {
  for (size_t i = 0; i < child->fdCount; i++)
    if (child->fds[i].child == fd) return true;
  return false;
}

// Sources are first moved above every target, so that no dup2 overwrites one that is still needed.
static bool ArrangeFds(Child *child) {
  int highest = 2;
  for (size_t i = 0; i < child->fdCount; i++)
    if (child->fds[i].child > highest) highest = child->fds[i].child;
  if (child->file == nullptr) {
    child->fileFd = fcntl(child->fileFd, F_DUPFD_CLOEXEC, highest + 1);
    if (child->fileFd < 0) return child->failedCall = "fcntl(F_DUPFD_CLOEXEC, program)", false;
  }
  for (size_t i = 0; i < child->fdCount; i++) {
    child->scratch[i] = fcntl(child->fds[i].parent, F_DUPFD_CLOEXEC, highest + 1);
    if (child->scratch[i] < 0) return child->failedCall = "fcntl(F_DUPFD_CLOEXEC)", false;
  }
  for (size_t i = 0; i < child->fdCount; i++)
    if (dup2(child->scratch[i], child->fds[i].child) < 0) return child->failedCall = "dup2()", false;
  for (int fd = 0; fd <= highest; fd++) {
    if (IsWanted(child, fd)) continue;
    if (fd > 2) {
      fcntl(fd, F_SETFD, FD_CLOEXEC);
      continue;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return child->failedCall = "open(/dev/null)", false;
    if (null == fd) {
      fcntl(fd, F_SETFD, 0);
    } else {
      if (dup2(null, fd) < 0) return child->failedCall = "dup2(/dev/null)", false;
      // Not always above `highest`: 0, 1 or 2 may have been closed, and are then still to be filled.
      close(null);
    }
  }
  CloseOnExec(static_cast<unsigned>(highest) + 1, UINT_MAX);
  return true;
}

void BecomeChild(Child *child) {
  ResetSignals();
  bool ready = ArrangeFds(child);
  if (ready && child->setsid && setsid() < 0) ready = (child->failedCall = "setsid()", false);
  if (ready && child->cwd != nullptr && chdir(child->cwd) < 0) ready = (child->failedCall = "chdir", false);
  if (ready) {
    if (child->file != nullptr) execve(child->file, child->argv, child->envp);
    else syscall(SYS_execveat, child->fileFd, "", child->argv, child->envp, 0x1000 /* AT_EMPTY_PATH */);
    child->failedCall = "execve";
  }
  child->error = errno;
}
