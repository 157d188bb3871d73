/*
 * Where the time of a start goes, for whoever asked for a trace (PLAN_TRACE). Off, each call costs a comparison. What the container's
 * processes note down before their execve is in a page that they share with the monitor; no program ever has it.
 */
#ifndef LICHEN_TRACE_H
#define LICHEN_TRACE_H

#include <stdint.h>

#include "plan.h"

/* In the monitor, before it clones. */
void trace_open(const struct plan *plan);

/* In a process that has just been cloned: who it is from now on, and that its first phase begins here. */
void trace_become(enum trace_lane lane);

/* What this process has done since its last phase ended was this. */
void trace_phase(const char *name);

/* Microseconds of the real-time clock; 0 where nothing is traced. */
uint64_t trace_now(void);

/* What went on beside other phases from `since`, which trace_now gave, to now. */
void trace_span(const char *name, uint64_t since);

/* In the monitor: tells the launcher what has been noted down since the last time. */
void trace_tell(void);

#endif
