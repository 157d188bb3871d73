/* One more process in the container, run to its end for what it says: the process of a health check. */
#ifndef LICHEN_CHECK_H
#define LICHEN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "plan.h"

/* Of its output, as with Docker. */
#define CHECK_OUTPUT_MAX 4096

struct check_target {
  pid_t pid;
  uint64_t start_time;
  const char *cgroup; /* "": none */
};

/* `code`: its exit code, -1 where it could not be started or took too long; the output says so then. Valid until the next check. */
typedef void check_done(int code, const char *output, size_t length);

/*
 * Starts plan->health.plan in the container as `exec` would, by a supervisor that is this program again. `done` is called from the loop. After
 * `timeout` milliseconds (0: never) all of its processes are killed.
 */
void check_start(const struct plan *plan, const struct check_target *target, uint64_t timeout, check_done *done);

bool check_running(void);

/* Ends it with all of its processes; `done` is not called. */
void check_stop(void);

#endif
