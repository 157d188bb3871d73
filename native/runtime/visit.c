#include "visit.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "clone.h"
#include "join.h"
#include "proc.h"
#include "report.h"
#include "settings.h"
#include "sync.h"

/* Its pidfd, or -1 before Linux 5.3. Start times are compared after that: the pidfd then is of the process that was meant. */
static int open_target(const struct plan *plan) {
  pid_t pid = (pid_t)plan->target_pid;
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0 && errno != ENOSYS) fail("target", errno, plan->id, "", "pidfd_open(%d)", pid);
  if (proc_start_time(pid) != plan->target_start_time) fail("target", ESRCH, plan->id, "the container has ended", "/proc/%d/stat", pid);
  return pidfd;
}

void visit_main(const struct plan *plan, const struct child_io *io, int cgroup) {
  child_begin(io, cgroup);
  oom_score_set(plan);
  join_process(plan->namespaces, (pid_t)plan->target_pid, open_target(plan));
  child_become_root(plan);
  pid_t pid = clone_process(CLONE_PARENT, cgroup);
  if (pid == 0) {
    child_begin(io, -1);
    process_main(plan, io);
  }
  sync_send_number(io->sync, SYNC_CHILD, (uint64_t)pid, -1);
  _exit(0);
}
