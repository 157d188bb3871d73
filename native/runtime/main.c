#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plan.h"
#include "report.h"
#include "verbs.h"

/* Descriptors that somebody let us inherit must not be found in a container (CVE-2024-21626). */
static void close_what_was_not_given(void) {
  if (syscall(SYS_close_range, FD_CLIENT + 1, ~0U, 0) == 0) return;
  for (int fd = FD_CLIENT + 1; fd < 65536; fd++) close(fd); /* before Linux 5.9 */
}

int main(void) {
  close_what_was_not_given();
  for (int fd = FD_PLAN; fd <= FD_CLIENT; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  signal(SIGPIPE, SIG_IGN);
  struct plan plan;
  plan_read(FD_PLAN, &plan);
  close(FD_PLAN);
  switch (plan.verb) {
    case VERB_RUN: run_main(&plan);
    case VERB_EXEC: exec_main(&plan);
    default: unshare_main(&plan);
  }
}
