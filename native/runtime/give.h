/* Giving a tree to somebody. */
#ifndef LICHEN_GIVE_H
#define LICHEN_GIVE_H

#include <sys/types.h>

/*
 * Gives what the descriptor (O_PATH will do) is of, and all below it on the same file system, to `uid` and `gid`: links themselves and never
 * what they point to. What belongs to them already is left alone. -1 and errno. Allocates nothing.
 */
int tree_give(int fd, uid_t uid, gid_t gid);

#endif
