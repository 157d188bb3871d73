/* The mount table of a plan, carried out inside the mounted root file system, before the pivot. */
#ifndef LICHEN_MOUNTS_H
#define LICHEN_MOUNTS_H

#include "plan.h"

/* Carries out plan->mounts in order; `root` is what rootfs_mount gave. Fails in stage "mount". */
void mounts_carry_out(const struct plan *plan, int root);

/* For the parts of it: what MOUNT_MASK and MOUNT_READONLY do. */
void mount_mask(const struct mount_step *step, int root);
void mount_readonly(const struct mount_step *step, int root);

/* What a misleading errno of a mount means, or "". */
const char *mount_reason(int error);

#endif
