/* Layers as one tree, by the kernel. */
#ifndef LICHEN_OVERLAY_H
#define LICHEN_OVERLAY_H

#include <stddef.h>

#include "plan.h"

/* O_PATH descriptors; upper and work -1 where nothing is to be written. */
struct overlay {
  const int *lower; /* topmost first */
  size_t count;
  int last; /* an empty directory as the lowest layer; -1: none */
  int upper, work;
  const char *options;
};

/* Mounts it on the directory `point`; -1 with errno, E2BIG where it has too many layers. */
int overlay_mount_on(const struct overlay *overlay, int point);
const char *overlay_reason(int error);

/* The detached mount of an image, the caller's to close. Fails in stage "mount". */
int overlay_open_image(const struct mount_step *step);

#endif
