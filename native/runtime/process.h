/* From a container that stands to the program in it. */
#ifndef LICHEN_PROCESS_H
#define LICHEN_PROCESS_H

#include "plan.h"
#include "users.h"

struct process {
  const struct plan *plan;
  const struct user *user;
  int sync;
  int stdio[3];
  size_t given; /* from FD_GIVEN on, for its 3 and on */
  bool waits; /* for SYNC_READY, and it ends with the monitor: the container's first program */
};

/* This process ends with its monitor, even if that has ended already. Changes of the user undo it. */
void process_end_with_monitor(int sync);

/* Stdio, session, working directory, sandbox, execve. The root directory is the container's. */
_Noreturn void process_execute(const struct process *process);

/* Searches the container's PATH as execvp(3) does, without a shell for what has no format. Fails in stage "exec". */
_Noreturn void execute(const struct plan *plan, const char *const *environment);

/* The environment, with HOME where the plan has none: fit for execve. To be called before the sandbox closes. */
const char *const *environment_of(const struct plan *plan, const struct user *user);

#endif
