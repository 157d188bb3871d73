/* The mount table of a plan, carried out inside the mounted root file system, before the pivot. */
#ifndef LICHEN_MOUNTS_H
#define LICHEN_MOUNTS_H

#include <stdbool.h>

#include "plan.h"
#include "users.h"

/* Carries out plan->mounts in order; `root` is what rootfs_mount gave. Fails in stage "mount". */
void mounts_carry_out(const struct plan *plan, int root);

/* Behind it, when the user is known: gives away what has MOUNT_CHOWN, through the descriptors of what was mounted. */
void mounts_give_away(const struct user *user);

/* The container has run before: volumes are no new ones any more. To be called by the monitor. */
void mounts_again(void);

/* For the parts of it: what MOUNT_MASK, MOUNT_READONLY and MOUNT_CONTENT do. */
void mount_mask(const struct mount_step *step, int root);
void mount_readonly(const struct mount_step *step, int root);
void mount_content(const struct mount_step *step, int root);

/* O_PATH of the target, which is made where it is missing; no procfs, and not the root. */
int mount_open_target(const struct mount_step *step, int root, mode_t mode, bool *made);

/* What a misleading errno of a mount means, or "". */
const char *mount_reason(int error);

#endif
