/* The container's cgroup (version 2). A monitor has one. */
#ifndef LICHEN_CGROUP_H
#define LICHEN_CGROUP_H

#include <stdbool.h>

#include "plan.h"

/*
 * Makes it and writes its limits, as plan->cgroup_mode says; for CGROUP_SCOPE the monitor moves itself into a cgroup beside it.
 * Fails in stage "cgroup", with the file as subject and the value as detail.
 */
void cgroup_make(const struct plan *plan);

/*
 * The cgroup of a running container, for one more process in it; not ours to remove. Fails in stage "cgroup" where it is gone or frozen:
 * a process that is started in there would not run before it is thawed.
 */
void cgroup_visit(const struct plan *plan);

/* Absolute path, "" where there is none. */
const char *cgroup_directory(void);
/* Its directory, or -1. */
int cgroup_fd(void);

/* Whether the OOM killer has struck in it. */
bool cgroup_oom_killed(void);

/* SIGKILL for everything in it; returns when it is empty, or after some seconds. */
void cgroup_kill(void);

/* Takes it away with all that is in it and below. Without one: nothing to do. */
void cgroup_remove(void);

#endif
