/* From the clone to the execve: the monitor's side of sync.h. */
#ifndef LICHEN_LAUNCH_H
#define LICHEN_LAUNCH_H

#include "children.h"
#include "plan.h"

/* The container's first process, or that of an exec. Reaped by the loop. */
extern struct child launch_process;

/*
 * Clones it, by a stage or a visit where one is needed, in cgroup_fd(); maps ids, starts the network helper, and returns when the program
 * has been executed. A failure of the processes between is handed on as it is, after report_undo.
 */
void launch(const struct plan *plan);

/* Ends what launch has started. */
void launch_undo(void);

/* The container has ended: waits until fuse-overlayfs has written everything and ended too. */
void launch_finish(void);

#endif
