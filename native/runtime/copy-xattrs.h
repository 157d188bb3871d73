#ifndef LICHEN_COPY_XATTRS_H
#define LICHEN_COPY_XATTRS_H

/*
 * Gives a file or directory out of a layer's attributes those that the image meant: without what overlayfs is told by
 * them, unescaped where a layer escaped them. What the kernel withholds is left out. 0, or -1 and errno.
 */
int copy_xattrs(int from, int to);

#endif
