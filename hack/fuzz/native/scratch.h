/* A file system of its own for what writes files: a tmpfs that is mounted nowhere, in a user namespace. */
#ifndef LICHEN_FUZZ_SCRATCH_H
#define LICHEN_FUZZ_SCRATCH_H

#include <stdbool.h>

/* Enters the namespace, in which this process is root. The descriptor of the root of the tmpfs. */
int scratch_open(void);

/* Whether ids 0 to 65535 are there: where root has started it. Else there is 0 alone. */
bool scratch_has_ids(void);

/* Until scratch_leave() the tmpfs is "/" of this process: what breaks out of its directory, by whatever link, ends up there. */
void scratch_enter(int root);
void scratch_leave(void);

#endif
