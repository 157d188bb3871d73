/* The container's side of the streams: its pty, or its three pipes. */
#ifndef LICHEN_STREAMS_H
#define LICHEN_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "plan.h"

/* Makes the pipes, and fills in what becomes 0, 1 and 2 of the process; with a terminal there is nothing to make: -1. */
void streams_open(const struct plan *plan, int theirs[3]);

/* The master of the pty that the process has opened. Ours from now on. */
void streams_console(int master);

/* The process runs: passes on what it writes, to log and clients. */
void streams_start(void);

/* Reads on, or doesn't, now that clients have been served: a slow one must not be buried. */
void streams_balance(void);

/* The process has ended: passes on what is there. Whoever still holds the other ends is not waited for. */
void streams_drain(void);

/* Takes as much for the process as there is room for; all of it, where nobody reads it. 0: none now, the loop turns when there is room. */
size_t streams_stdin(const char *bytes, size_t length);

/* Nobody will write to stdin any more. Nothing to do with a terminal, where end of file is a character. */
void streams_stdin_end(void);

void streams_resize(unsigned rows, unsigned columns);

#endif
