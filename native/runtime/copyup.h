/* What an image has below a mount point, copied into the new volume or tmpfs that will hide it. */
#ifndef LICHEN_COPYUP_H
#define LICHEN_COPYUP_H

/*
 * Copies the directory `from` into the directory `to` (descriptors, O_PATH will do), with owners, modes, times, extended attributes and
 * hard links as far as a user namespace allows; nothing where `to` has entries already. Devices are left out. The directory `to` itself
 * gets owner and mode of `from` while it still is root's. -1 and errno.
 */
int copy_tree_up(int from, int to);

#endif
