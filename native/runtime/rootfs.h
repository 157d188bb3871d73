/* The root file system: its parts on the host, and the ways to mount it. */
#ifndef LICHEN_ROOTFS_H
#define LICHEN_ROOTFS_H

#include <limits.h>

#include "plan.h"

/* O_PATH descriptors; upper, work and lower -1 or NULL where there is none, or where a program is told their paths. */
struct rootfs_parts {
  int parent; /* of the mount point, which is `name` in it: looked up again it is what has been mounted there */
  char name[NAME_MAX + 1];
  int merged, upper, work;
  int *lower;
};

/* Opens them while this process still has the ids of the user (sources.h). What can't be opened is left to rootfs_mount, and told by it. */
void rootfs_prepare(const struct plan *plan);

/* The descriptor of what is mounted at the mount point where that is of this type (linux/magic.h), else -1. */
int rootfs_mounted(long magic);

/* Mount what their names say; fail in stage "rootfs". */
void overlay_mount(const struct plan *plan, const struct rootfs_parts *parts);
void fuse_overlayfs_mount(const struct plan *plan);

#endif
