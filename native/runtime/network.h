/* The program that gives the network namespace its way out: slirp4netns, or one that takes the same descriptors and requests. */
#ifndef LICHEN_NETWORK_H
#define LICHEN_NETWORK_H

#include "plan.h"

/*
 * Starts it for these namespaces. `ready` is called from the loop when the network stands and all of the plan's requests are
 * answered. Fails in stage "network" with its own words as detail, and in stage "port" with the request as subject and the answer as detail.
 */
void network_start(const struct plan *plan, int user, int net, void (*ready)(void));

/* Whether it has been started and is not ready. */
bool network_pending(void);

/* It has taken too long. */
_Noreturn void network_late(void);

/*
 * The container has ended: gives its ports back and lets it go. It ends by itself, later; whoever starts the container again
 * need not wait for that. Without one: nothing to do.
 */
void network_stop(void);

/* When nobody waits for us any more: waits for its end, so that no zombie is left where the host's init reaps none. */
void network_bury(void);

/* Before the next start, after network_stop: what is still ending has had its time. */
void network_forget(void);

/* Nothing was started: ends it and waits for that. */
void network_undo(void);

#endif
