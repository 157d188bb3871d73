/* The records that a monitor leaves for others: that the container runs or is about to, and how it ended (lib/container/record.ts). */
#ifndef LICHEN_LIFE_H
#define LICHEN_LIFE_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * The program has been executed just now, for the `restarts`th time again. Fails in stage "lock": without the record nobody would find
 * the container.
 */
void life_write_live(const struct plan *plan, pid_t pid, uint64_t start_time, const char *cgroup, uint64_t restarts);

/* For who reads plan->pidfile. In place, since it is the user's: it may be a link, or in a folder of others. */
void life_write_pid(const struct plan *plan, pid_t pid);

/* Somebody ends it himself, which its exit record says then. */
void life_stopped(void);

/* It has ended just now. */
void life_write_exit(const struct plan *plan, int code, bool oom_killed, uint64_t restarts);

/* It is to be started again, after a while: the live record says so. */
void life_write_restarting(const struct plan *plan, uint64_t restarts);

/* Before it is started again: what its end will look like should we be killed, as the launcher leaves it before the first start. */
void life_write_last_word(const struct plan *plan, uint64_t restarts);

/* It could not be started again, for this reason: its last end is its end. */
void life_take_back(const struct plan *plan, const char *reason, uint64_t restarts);

/* The live record goes: nothing will be started any more. */
void life_over(const struct plan *plan);

/* Writes a small file anew: in one step where there is room for two. -1 and errno. */
int life_replace(const char *path, const char *text);

/* It never ran: no record remains. */
void life_forget(const struct plan *plan);

#endif
