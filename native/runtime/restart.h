/* Whether a container that has ended is started again, and after how long: Docker's rules. */
#ifndef LICHEN_RESTART_H
#define LICHEN_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "amendment.h"

struct restart {
  uint64_t count; /* how often it has been, or is about to be, started again */
  uint64_t delay; /* milliseconds before the next time */
};

/* After an end with `code`, `ran` milliseconds after its start; `forced`: whatever the policy. False: that was the end, and nothing is changed. */
bool restart_due(struct restart *restart, const struct amendment *now, int code, uint64_t ran, bool forced);

#endif
