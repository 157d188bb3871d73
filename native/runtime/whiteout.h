/*
 * How a layer says that something of the layers below it is gone. The one form that overlayfs (userxattr), fuse-overlayfs and OP_MERGE all read
 * is a character device 0:0 in place of the entry, and user.overlay.opaque=y on a directory that hides what is below. Where
 * the kernel withholds these (mknod before Linux 5.8, user xattrs of an older tmpfs) it is a file: .wh.NAME, .wh..wh..opq, which
 * fuse-overlayfs and OP_MERGE read. fuse-overlayfs 1.10 does not know user.overlay.whiteout.
 *
 * In a directory that no other layer has, overlayfs lists its whiteouts as entries, unless the directory has an "origin"; an
 * empty one means that it is unknown.
 */
#ifndef LICHEN_WHITEOUT_H
#define LICHEN_WHITEOUT_H

#include <stdbool.h>
#include <sys/stat.h>

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_FILE ".wh..wh..opq"
#define OPAQUE_XATTR "user.overlay.opaque"
#define WHITEOUTS_XATTR "user.overlay.origin"

bool whiteout_is(const struct stat *status);
/* 0, or -1 and errno: EEXIST where something is there. */
int whiteout_make(int directory, const char *name);

bool opaque_is(int directory);
/* 0, or -1 and errno. */
int opaque_mark(int directory);

#endif
