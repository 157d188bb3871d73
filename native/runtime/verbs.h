#ifndef LICHEN_VERBS_H
#define LICHEN_VERBS_H

#include "plan.h"

/* A container and its monitor. */
_Noreturn void run_main(const struct plan *plan);
/* One more process in a running container, and its supervisor. */
_Noreturn void exec_main(const struct plan *plan);
/* Work on the image store under the container's id map. */
_Noreturn void unshare_main(const struct plan *plan);

#endif
