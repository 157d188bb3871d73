#include "visit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "clone.h"
#include "join.h"
#include "proc.h"
#include "report.h"
#include "settings.h"
#include "sync.h"
#include "trace.h"

struct target {
  int pidfd;            /* -1 before Linux 5.3 */
  int cgroup_namespace; /* -1: not to be entered */
};

/* Start times are compared after both are open: then they are of the process that was meant. */
static struct target open_target(const struct plan *plan) {
  pid_t pid = (pid_t)plan->target_pid;
  struct target target = {.pidfd = (int)syscall(SYS_pidfd_open, pid, 0), .cgroup_namespace = -1};
  if (target.pidfd < 0 && errno != ENOSYS) fail("target", errno, plan->id, "", "pidfd_open(%d)", pid);
  if ((plan->namespaces & CLONE_NEWCGROUP) != 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/cgroup", pid);
    target.cgroup_namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (target.cgroup_namespace < 0) fail("target", errno == ENOENT ? ESRCH : errno, path, "", "open(%s)", path);
  }
  if (proc_start_time(pid) != plan->target_start_time) fail("target", ESRCH, plan->id, "the container has ended", "/proc/%d/stat", pid);
  return target;
}

void visit_main(const struct plan *plan, const struct child_io *io, int cgroup) {
  trace_become(TRACE_BETWEEN);
  child_begin(io, cgroup);
  oom_score_set(plan);
  struct target target = open_target(plan);
  join_process(plan->namespaces & ~(uint64_t)CLONE_NEWCGROUP, (pid_t)plan->target_pid, target.pidfd);
  child_become_root(plan);
  trace_phase("enter the namespaces");
  pid_t pid = clone_process(CLONE_PARENT, cgroup);
  if (pid == 0) {
    trace_become(TRACE_CONTAINER);
    /* Not before it is in the cgroup: nobody may go from outside of his cgroup namespace into it (mount option nsdelegate, which systemd sets). */
    if (target.cgroup_namespace >= 0 && setns(target.cgroup_namespace, CLONE_NEWCGROUP) < 0) {
      fail("target", errno, plan->id, "", "setns(/proc/%d/ns/cgroup)", (pid_t)plan->target_pid);
    }
    child_begin(io, -1);
    process_main(plan, io);
  }
  sync_send_number(io->sync, SYNC_CHILD, (uint64_t)pid, -1);
  _exit(0);
}
