/* What runs inside: from the mapped user namespace to execve. Failures go to report_fd, which is the sync socket. */
#ifndef LICHEN_CONTAINER_H
#define LICHEN_CONTAINER_H

#include "plan.h"

struct child_io {
  int sync;     /* sync.h; close-on-exec */
  int stdio[3]; /* become 0, 1 and 2; with a terminal the console of the container does, and these are -1 */
};

/*
 * The container's first process (pid 1), in its new namespaces, already mapped, and 0:0 in its user namespace. Mounts the
 * root file system (unless a stage has: fuse-overlayfs), carries out plan->mounts, pivots, sets host name, loopback and sysctls,
 * waits for SYNC_READY and ends in process_main, below a reaping init where the plan says so.
 */
_Noreturn void container_main(const struct plan *plan, const struct child_io *io);

/*
 * Becomes the program: stdio, session and controlling terminal, user and groups, rlimits, capabilities, no_new_privs, seccomp, cwd,
 * umask, execve with a search in the container's PATH. For the process of `exec` too, once its namespaces are entered: with a
 * terminal it opens one in the container's devpts and hands the master up by SYNC_CONSOLE.
 */
_Noreturn void process_main(const struct plan *plan, const struct child_io *io);

/* Mounts plan->merged as fuse-overlayfs or overlayfs says, in the mount namespace of this process. For stage and probe. Descriptor of the root, O_PATH. */
int rootfs_mount(const struct plan *plan);

#endif
