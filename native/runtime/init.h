/* The reaping init of `--init`: pid 1 of a container whose program does not reap. */
#ifndef LICHEN_INIT_H
#define LICHEN_INIT_H

#include <sys/types.h>

/* Starts a child, which alone returns. The first process stays: hands signals on, reaps, and ends with the child's code, 128+n for signal n. */
void init_fork(void);

#endif
