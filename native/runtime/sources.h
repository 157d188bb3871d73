/*
 * What the bind mounts of a plan name on the host. Opened in the container's mount namespace while this process still has the ids of the
 * user: with other maps than the usual one, root of the container may not be able to walk to a home on NFS, or to any.
 */
#ifndef LICHEN_SOURCES_H
#define LICHEN_SOURCES_H

#include "plan.h"

/* Opens all of them, once. What can't be opened is left to source_take, and told by it. */
void sources_open(const struct plan *plan);

/* Has them opened anew: these belong to another mount namespace. */
void sources_forget(void);

/* The detached mount for step `index` of plan->mounts, the caller's to close; -1: there is none, and the plan can do without. Fails in stage "mount". */
int source_take(const struct plan *plan, size_t index);

#endif
