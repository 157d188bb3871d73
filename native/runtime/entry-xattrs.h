#ifndef LICHEN_ENTRY_XATTRS_H
#define LICHEN_ENTRY_XATTRS_H

#include "entry.h"

/*
 * Sets the entry's extended attributes on the file or directory. What overlayfs would obey is escaped (user.overlay.X becomes
 * user.overlay.overlay.X, which newer kernels show as user.overlay.X again), what fuse-overlayfs would is dropped,
 * what the kernel or the file system withholds is counted. With a single id the owner that it should have had is written down.
 */
void entry_set_xattrs(struct layer *layer, const struct entry *entry, int fd);

/* The owner and mode that a file would have, as podman and fuse-overlayfs write them: uid:gid:mode. */
#define OWNER_XATTR "user.containers.override_stat"

#endif
