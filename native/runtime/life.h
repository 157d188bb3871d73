/* The two records that a monitor leaves for others: that the container runs, and how it ended (lib/container/record.ts). */
#ifndef LICHEN_LIFE_H
#define LICHEN_LIFE_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/* The program has been executed just now. Fails in stage "lock": without the record nobody would find the container. */
void life_write_live(const struct plan *plan, pid_t pid, uint64_t start_time, const char *cgroup);

/* It has ended just now. The live record goes. */
void life_write_exit(const struct plan *plan, int code, bool oom_killed);

/* It never ran: neither record remains. */
void life_forget(const struct plan *plan);

#endif
