/*
 * Whose files OP_STAT, OP_PACK, OP_UNPACK and OP_CHANGES work on (enum view_kind), as one directory that is "/" for them. Of a
 * container that runs it is reached from outside, by /proc/PID/root: nothing of ours is in its pid or mount namespace, and no path of its
 * leads out, since all go through resolve.h. Failures end the process in stage "view", "target", or that of what is mounted.
 */
#ifndef LICHEN_VIEW_H
#define LICHEN_VIEW_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

struct view {
  int root; /* O_PATH */
  bool one_file_system; /* what is mounted below is not to be seen */
  dev_t device, devices; /* of the root; of /dev, where something is mounted there, else that of the root */
};

/* Opens what is to be opened by the rights of the user, before id maps and namespaces. */
void view_prepare(const struct plan *plan);
/* Enters a process's namespaces, where the view is of one. */
void view_enter(const struct plan *plan);
/* In its namespaces: mounts what is to be mounted. */
void view_open(const struct plan *plan, struct view *view);
/* What has been written is where it would be without us. */
void view_close(const struct plan *plan, const struct view *view);

/* Where a program keeps the files: what the kernel has still to give it is given. */
void view_sync(const struct view *view);

/* Whether the file, on `device`, is the kernel's (/proc, /sys) or the runtime's (/dev), and none of the container. */
bool view_is_system(const struct view *view, int fd, dev_t device);

#endif
