#ifndef LICHEN_FUSE_OPTIONS_H
#define LICHEN_FUSE_OPTIONS_H

#include <limits.h>

#include "plan.h"

/* What follows `fuse-overlayfs -o`, and the working directory that its paths start from. Fails in stage "rootfs". */
const char *fuse_options(const struct plan *plan, char folder[PATH_MAX]);

#endif
