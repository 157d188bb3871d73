/* What runs inside: from the mapped user namespace to execve. Failures go to report_fd, which is the sync socket. */
#ifndef LICHEN_CONTAINER_H
#define LICHEN_CONTAINER_H

#include "plan.h"

struct child_io {
  int sync;     /* sync.h; close-on-exec */
  int stdio[3]; /* become 0, 1 and 2; with a terminal the console of the container does, and these are -1 */
  size_t given; /* from FD_GIVEN on; become 3 and on */
};

/*
 * Opens what the plan names on the host: layers, mount points, sources of bind mounts. In the container's mount namespace (or the
 * stage's), before this process gives up the ids of the user, who may be the only one to get there; best while the id maps are being
 * written. Says nothing of failures: what could not be opened container_main tries again, as root of the container, and tells.
 */
void container_prepare(const struct plan *plan);

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

/*
 * Mounts plan->merged in the mount namespace of this process, for a stage, a probe, or container_main. Descriptor of the root, O_PATH.
 * fuse-overlayfs becomes a child of this process' parent, told to it by SYNC_HELPER (its pidfd left out before Linux 5.2), where report_fd is
 * a sync socket; else a child of this process, with which it ends.
 */
int rootfs_mount(const struct plan *plan);

/* Takes the mount that `root` is of out of this mount namespace; by the descriptor, since root may not be able to walk there. */
void rootfs_unmount(int root);

#endif
