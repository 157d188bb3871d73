#include "clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* As in linux/sched.h from 5.7 on; its size tells the kernel which version it is. */
struct arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static pid_t clone3(uint64_t flags, int cgroup) {
  struct arguments arguments = {.flags = flags, .exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD};
  if (cgroup >= 0) arguments.flags |= CLONE_INTO_CGROUP, arguments.cgroup = (uint64_t)cgroup;
  /* 64 bytes are the first version, which older kernels insist on. */
  return (pid_t)syscall(SYS_clone3, &arguments, cgroup >= 0 ? sizeof arguments : 64);
}

static pid_t clone_anywhere(uint64_t flags) {
  pid_t pid = clone3(flags, -1);
  /* Before Linux 5.3, and under seccomp profiles that can't look into its argument. All of the stack and tid arguments are 0. */
  if (pid < 0 && errno == ENOSYS) pid = (pid_t)syscall(SYS_clone, flags | ((flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD), 0, 0, 0, 0);
  if (pid < 0) fail("namespace", errno, "", "", "clone(0x%llx)", (unsigned long long)flags);
  return pid;
}

static void enter_cgroup(int cgroup, pid_t pid) {
  char text[24];
  int length = snprintf(text, sizeof text, "%d", pid);
  int procs = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (procs < 0 || write(procs, text, (size_t)length) < 0) {
    int error = errno;
    kill(pid, SIGKILL);
    fail("cgroup", error, "cgroup.procs", "", "write(cgroup.procs, %d)", pid);
  }
  close(procs);
}

/* Before Linux 5.7. The child must not run ahead: its cgroup namespace would be rooted in the wrong place. */
static pid_t clone_and_move(uint64_t flags, int cgroup) {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) < 0) fail("namespace", errno, "", "", "pipe2()");
  pid_t pid = clone_anywhere(flags);
  if (pid == 0) {
    char open;
    close(gate[1]);
    while (read(gate[0], &open, 1) < 0 && errno == EINTR) {
    }
    close(gate[0]);
    return 0;
  }
  close(gate[0]);
  enter_cgroup(cgroup, pid);
  close(gate[1]);
  return pid;
}

pid_t clone_process(uint64_t flags, int cgroup) {
  if (cgroup < 0) return clone_anywhere(flags);
  pid_t pid = clone3(flags, cgroup);
  if (pid >= 0) return pid;
  switch (errno) {
    case ENOSYS:
    case E2BIG:
    case EINVAL: return clone_and_move(flags, cgroup);
    case EACCES:
    case EBUSY:
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP: fail("cgroup", errno, "", "", "clone3(0x%llx | CLONE_INTO_CGROUP)", (unsigned long long)flags);
    default: fail("namespace", errno, "", "", "clone3(0x%llx)", (unsigned long long)flags);
  }
}
