/* fork, with namespaces and straight into a cgroup. */
#ifndef LICHEN_CLONE_H
#define LICHEN_CLONE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Returns twice, as fork does. `flags`: CLONE_NEW* bits, and CLONE_PARENT for a sister. `cgroup`: directory of the cgroup in which the
 * child starts, or -1. Fails in stage "namespace" or, where the cgroup does not take the child, in stage "cgroup".
 */
pid_t clone_process(uint64_t flags, int cgroup);

#endif
