/* Processes that came from one process, wherever they have gone to. */
#ifndef LICHEN_SESSIONS_H
#define LICHEN_SESSIONS_H

#include <sys/types.h>

/*
 * SIGKILL for what descends from `root` (not itself), and for all in the sessions of these: a process whose parent has ended belongs to
 * nobody of them any more, but to its session still. What has left both is not found.
 */
void sessions_kill(pid_t root);

#endif
