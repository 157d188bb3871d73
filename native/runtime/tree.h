/*
 * Mounts as descriptors: taken from somewhere, given attributes, put onto something. Kernels before 5.2 have only mount(2), which is
 * then told /proc/self/fd/N of the host's /proc: call these before the pivot. -1 and errno on failure. Nothing here allocates.
 */
#ifndef LICHEN_TREE_H
#define LICHEN_TREE_H

#include <stdbool.h>
#include <stdint.h>

/* "/proc/self/fd/N" */
struct fd_path {
  char text[32];
};
struct fd_path fd_path(int fd);

/* Trees are mounts, which can be attached in any mount namespace. False before 5.2: then they are places in that of their opener. */
bool tree_is_detached(void);

/* What is at the path (`folder` and "": what the descriptor is of), as a mount of its own that is attached nowhere. */
int tree_clone(int folder, const char *path, bool recursive);

/*
 * Puts a tree onto what `target` is of. Returns the descriptor of what is now there, the tree's own one or, before 5.2, that of the
 * path resolved in `root` again: ESTALE where this is not the tree, because somebody exchanged a component meanwhile.
 */
int tree_attach(int tree, int target, int root, const char *path);

/* Adds ATTRIBUTE_* bits, keeps what is there: the flags of a host's mount are locked. Propagation: 0 or MS_PRIVATE, MS_SLAVE, MS_SHARED, ... */
int tree_change(int mount, uint64_t attributes, uint64_t propagation, bool recursive);

#endif
