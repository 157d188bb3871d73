#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "descriptors.h"
#include "executable.h"
#include "plan.h"
#include "trace.h"
#include "verbs.h"

int main(int argc, char *argv[]) {
  (void)argc;
  static const int named[] = {FD_PLAN, FD_STATUS, FD_CLIENT, FD_STDIO, FD_STDIO + 1, FD_STDIO + 2};
  signal(SIGPIPE, SIG_IGN);
  struct plan plan;
  plan_read(FD_PLAN, &plan);
  descriptors_close_but(FD_PLAN, named, sizeof named / sizeof *named, plan.given);
  trace_open(&plan);
  /* `unshare` executes nothing that came with an image, and saves the copy, unless it enters namespaces of a container. */
  if (plan.verb != VERB_UNSHARE || plan.view == VIEW_PROCESS || plan.view == VIEW_PROCESS_ROOT) executable_protect(argv);
  for (int fd = FD_PLAN; fd < FD_GIVEN + (int)plan.given; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  close(FD_PLAN);
  for (int i = 0; plan.log_driver != LOG_PASSTHROUGH && i < 3; i++) close(FD_STDIO + i);
  trace_phase("protect the executable");
  switch (plan.verb) {
    case VERB_RUN: run_main(&plan);
    case VERB_EXEC: exec_main(&plan);
    default: unshare_main(&plan);
  }
}
