/* Extended attributes that go with a file from one file system to another: user.* and file capabilities, and not what drivers tell each other. */
#ifndef LICHEN_TRAVEL_XATTRS_H
#define LICHEN_TRAVEL_XATTRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Calls `put` for each of them, in order of their names, under the name that it has outside of a layer (user.overlay.overlay.x is
 * user.overlay.x). A file system that has none is fine. 0, or -1 and errno.
 */
int travel_xattrs(int fd, void (*put)(void *sink, const char *name, const void *value, size_t length), void *sink);

/* Whether one of this name may be set on a file in a container, or on the host. */
bool travel_may_set(const char *name);

/* The owner that a file has been given where it could not be given to anybody; else they stay as they are. */
void travel_owner(int fd, uint64_t *uid, uint64_t *gid);

/* Whether two files have the same. */
bool travel_same(int one, int other);

#endif
