/*
 * An upper directory that becomes a layer as it is (OP_KEEP). What a layer's tar does not say must not be in it either: another image may have
 * the same layer upon other files.
 */
#ifndef LICHEN_KEEP_H
#define LICHEN_KEEP_H

#include <stdbool.h>

/* Takes off what overlayfs has noted, but what a program in the container has set as such. 0, or -1 and errno. */
int keep_strip(int fd);
/* The same of a directory, which then says what a layer's directory says. */
int keep_directory(int fd, bool opaque, bool whiteouts);

#endif
