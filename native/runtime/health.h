/* The container's health: checks from time to time, and what they add up to, as Docker has it. */
#ifndef LICHEN_HEALTH_H
#define LICHEN_HEALTH_H

#include <stdbool.h>

#include "check.h"
#include "client.h"
#include "plan.h"

/* The container runs: nothing is known of its health, and the checks begin. `unhealthy` is called when it has become so. */
void health_start(const struct plan *plan, const struct check_target *target, void (*unhealthy)(void));

/* It has ended, which is not healthy. */
void health_stop(void);

/* A client wants a check now, or to know how the one ends that runs: FRAME_HEALTH is the answer. */
void health_ask(struct client *client);

#endif
