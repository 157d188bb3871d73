/* From the clone to container_main. */
#ifndef LICHEN_CHILD_H
#define LICHEN_CHILD_H

#include <stdbool.h>

#include "container.h"

/*
 * First thing in every process that the monitor clones, and in what these clone: reports to the sync socket, default signals, and
 * no descriptor but those of `io` and `extra` (-1: none).
 */
void child_begin(const struct child_io *io, int extra);

/* Becomes 0:0 of its user namespace, where there is such an id, without the caller's groups, where they may be dropped. */
void child_become_root(const struct plan *plan);

/* The container's first process, after child_begin. `mapped`: it need not wait for its ids. */
_Noreturn void child_main(const struct plan *plan, const struct child_io *io, bool mapped);

#endif
