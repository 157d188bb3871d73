/* The id maps of a new user namespace. */
#ifndef LICHEN_IDMAP_H
#define LICHEN_IDMAP_H

#include <sys/types.h>

#include "plan.h"

/*
 * Maps the ids of `pid`, a child that waits in its new user namespace: by the plan's setuid helpers, which run side by side, or,
 * where it names none, by writing the maps (one id, or the caller is root). Fails in stage "idmap" with the helper's own words.
 *
 * The child must be dumpable and still have our uid: the helpers refuse any other, and nothing else owns its /proc files.
 */
void idmap_write(const struct plan *plan, pid_t pid);

#endif
