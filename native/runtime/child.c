#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "descriptors.h"
#include "report.h"
#include "sync.h"
#include "trace.h"

void child_begin(const struct child_io *io, int extra) {
  report_fd = io->sync;
  report_undo = NULL;
  int keep[] = {io->sync, io->stdio[0], io->stdio[1], io->stdio[2], extra};
  descriptors_close_but(3, keep, sizeof keep / sizeof *keep, io->given);
  /* What is ignored or blocked stays so across execve. */
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void child_become_root(const struct plan *plan) {
  /* EPERM: setgroups is denied in a user namespace that others have made. */
  if (!plan->keep_groups && !plan->setgroups_deny && setgroups(0, NULL) < 0 && errno != EPERM) {
    fail("namespace", errno, "", "", "setgroups(0)");
  }
  /* EINVAL: no id 0 is mapped. The capabilities of this user namespace don't depend on it. */
  if (setresgid(0, 0, 0) < 0 && errno != EINVAL) fail("namespace", errno, "", "", "setresgid(0, 0, 0)");
  if (setresuid(0, 0, 0) < 0 && errno != EINVAL) fail("namespace", errno, "", "", "setresuid(0, 0, 0)");
}

/* Sent from here, because only the process itself may look at its namespaces once it is not dumpable. */
static void hand_up_namespaces(const struct plan *plan, int sync) {
  if (plan->net_helper.count == 0) return;
  int fds[2] = {open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC), open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (fds[0] < 0 || fds[1] < 0) fail("network", errno, "/proc/self/ns/net", "", "open(/proc/self/ns/net)");
  sync_send_pair(sync, SYNC_NAMESPACES, fds, "network");
  close(fds[0]);
  close(fds[1]);
}

void child_main(const struct plan *plan, const struct child_io *io, bool mapped) {
  container_prepare(plan);
  trace_phase("open layers and sources");
  if (!mapped) sync_wait(io->sync, SYNC_MAPPED);
  trace_phase("wait for the id maps");
  child_become_root(plan);
  hand_up_namespaces(plan, io->sync);
  container_main(plan, io);
}
