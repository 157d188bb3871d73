/* What commands have changed about a container that runs, since its plan was made. */
#ifndef LICHEN_AMENDMENT_H
#define LICHEN_AMENDMENT_H

#include "plan.h"

struct amendment {
  const char *event_head; /* its name may be another one */
  uint64_t restart_policy, restart_max;
};

/*
 * As it is now: plan->amendment_file where there is one that can be read, else what the plan says. It is looked for each time, which is
 * seldom; so nobody has to be told, and nothing is missed. Valid until the next call.
 */
struct amendment amendment_now(const struct plan *plan);

#endif
