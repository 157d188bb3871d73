/* The process between the monitor and the container's first one, where that one can't be cloned directly. */
#ifndef LICHEN_STAGE_H
#define LICHEN_STAGE_H

#include <stdbool.h>

#include "container.h"

/* fuse-overlayfs needs a mount namespace that it does not share with the container's pid namespace; others' namespaces must be entered first. */
bool stage_needed(const struct plan *plan);

/* CLONE_NEW* bits with which the stage itself is cloned. */
uint64_t stage_flags(const struct plan *plan);

/* Enters, mounts, clones the container's first process as its sister, reports it and ends. `cgroup`: as in clone_process. */
_Noreturn void stage_main(const struct plan *plan, const struct child_io *io, int cgroup);

#endif
