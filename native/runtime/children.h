/* Children of the monitor, and the signals that it gets. */
#ifndef LICHEN_CHILDREN_H
#define LICHEN_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
  pid_t pid;           /* 0: there is none */
  uint64_t start_time; /* field 22 of /proc/PID/stat */
  bool ended;
  int status;                         /* as waitpid gives it, once it has ended */
  void (*on_end)(struct child *child); /* may be NULL */
};

/* Blocks the signals and hears of them in the loop from now on. `on_signal` is called for SIGTERM, SIGINT, SIGHUP and SIGUSR1. */
void children_open(void (*on_signal)(int signal));

/* Hears of what has been sent so far, now. */
void children_hear(void);

/* All that are tracked have ended, and are of no interest any more; nor are others reaped until children_reap_all. */
void children_forget(void);

/* Reaps `pid` when it ends. What ends before it is tracked is not lost. */
void children_track(struct child *child, pid_t pid);

/* Everything that we want to know of is tracked: others that end are reaped too (those whose parent died, for a subreaper). */
void children_reap_all(void);

/* SIGKILL, and waits for it. Nothing to do for one that is not there or has ended. */
void children_kill(struct child *child);

/* Waits for its end; false after so many milliseconds. */
bool children_wait(struct child *child, int milliseconds);

/* SIGKILL for all children that are not tracked, until there are none. */
void children_kill_strays(void);

/* Its exit code: 128 + n for signal n. */
int children_code(const struct child *child);

#endif
