/* What the program may do: rlimits, user, capabilities, no_new_privs, seccomp. */
#ifndef LICHEN_SANDBOX_H
#define LICHEN_SANDBOX_H

#include "plan.h"
#include "users.h"

/*
 * Everything but the last step. Where the seccomp filter needs a privilege to be installed, this process keeps that one until then.
 * Fails in stage "sandbox", or "user".
 */
void sandbox_enter(const struct plan *plan, const struct user *user);

/* The filter, and the last privilege gone: after it, only what execve needs may be called. */
void sandbox_close(const struct plan *plan, const struct user *user);

#endif
