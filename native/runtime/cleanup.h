/* What is done when a container is gone and nobody waits for it: `--rm` of detached ones. */
#ifndef LICHEN_CLEANUP_H
#define LICHEN_CLEANUP_H

#include "plan.h"

/* Becomes plan->cleanup, unless the launcher says that it has done it itself, or has left nothing but files of the user; without one, ends. */
_Noreturn void cleanup(const struct plan *plan);

#endif
