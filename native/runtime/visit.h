/* The process that enters a running container for `exec`, and leaves the program behind in it. */
#ifndef LICHEN_VISIT_H
#define LICHEN_VISIT_H

#include "container.h"

/*
 * Enters the namespaces of plan->target_pid, clones the process as its sister, reports it and ends. The supervisor itself never goes in.
 * Fails in stage "target" where the container's first process is another one by now. `cgroup`: as in clone_process.
 */
_Noreturn void visit_main(const struct plan *plan, const struct child_io *io, int cgroup);

#endif
