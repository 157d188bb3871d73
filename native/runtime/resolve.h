/*
 * Paths of the container, resolved as if the directory `root` were "/": no symbolic link, no ".." and no rename by somebody else
 * leads out of it, and no magic link of procfs is followed. Each gives a descriptor, or -1 and errno. Nothing here allocates.
 */
#ifndef LICHEN_RESOLVE_H
#define LICHEN_RESOLVE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* `flags` as for open(2), without O_CREAT; O_CLOEXEC is added. */
int resolve(int root, const char *path, int flags);

/*
 * O_PATH. What is missing is made: directories 0755, the last one with `mode`, which has S_IFDIR, or S_IFREG for an empty file.
 * A link that dangles is followed, and what it names is made. `made`, where not NULL, tells whether the last component is new.
 */
int resolve_make(int root, const char *path, mode_t mode, bool *made);

/* O_PATH of the directory that holds the last component, which is copied to `name`; EINVAL where that is "..", "." or nothing. */
int resolve_parent(int root, const char *path, bool make, char name[NAME_MAX + 1]);

#endif
