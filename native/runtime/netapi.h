/* The API socket of slirp4netns: one request a connection, JSON both ways. */
#ifndef LICHEN_NETAPI_H
#define LICHEN_NETAPI_H

#include "plan.h"

/* Sends plan->net_requests one by one and looks at the answers. Fails in stage "port", subject the request, detail the answer. */
void netapi_ask(const struct plan *plan);

/*
 * Takes back what was asked for, and the socket's name. The helper itself ends only some 30 ms after it was told to, which is long enough
 * for the next start of the container to find its ports taken.
 */
void netapi_take_back(void);

#endif
