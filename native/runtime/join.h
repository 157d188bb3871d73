/* Entering namespaces of others. */
#ifndef LICHEN_JOIN_H
#define LICHEN_JOIN_H

#include <sys/types.h>

#include "plan.h"

/* Enters plan->joins in their order. Fails in stage "namespace", subject the file. */
void join_files(const struct plan *plan);

/*
 * Enters those namespaces of the process `pid` that `kinds` (CLONE_NEW* bits) names. `pidfd`: that very process, or -1 where this kernel
 * has none. Fails in stage "target".
 */
void join_process(uint64_t kinds, pid_t pid, int pidfd);

#endif
