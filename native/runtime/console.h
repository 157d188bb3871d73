/* The container's terminal: a pty of the devpts in the container itself (CVE-2025-52565: by descriptor, through no link of the image). */
#ifndef LICHEN_CONSOLE_H
#define LICHEN_CONSOLE_H

#include <sys/types.h>

#include "plan.h"

/*
 * Opens one for this user, hands its master up on `sync` and returns the other side, close-on-exec. `root` counts as "/".
 * `at_console`: it is mounted at /dev/console as well. Fails in stage "mount".
 */
int console_open(const struct plan *plan, int root, int sync, uid_t user, bool at_console);

#endif
