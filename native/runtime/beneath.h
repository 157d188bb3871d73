/* Paths that somebody else wrote, looked up as if a directory of ours were the root of everything. */
#ifndef LICHEN_BENEATH_H
#define LICHEN_BENEATH_H

#include <stdbool.h>

/*
 * Opens a directory, O_RDONLY. Symbolic links are followed, absolute ones and ".." from `root`, so that nothing leads out of it.
 * With `create` what is missing on the way is made, 0755, and what whiteouts hide. -1 and errno.
 */
int beneath_directory(int root, const char *path, bool create);

#endif
