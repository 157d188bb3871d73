/* Lines of a file that a stranger may have written: bounded, and only of a regular file inside the root. Nothing here allocates. */
#ifndef LICHEN_LINES_H
#define LICHEN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINES_FILE_MAX (16u << 20)
#define LINES_LINE_MAX (1u << 20)

struct lines {
  int fd; /* -1: there is no such file */
  size_t start, end, total;
  const char *path;
};

/* Fails in stage "user" for what is no regular file, or too large a one. One file at a time. */
void lines_open(struct lines *lines, int root, const char *path);

/* The next line without its end, until the next call; NULL after the last. */
char *lines_next(struct lines *lines);

void lines_close(struct lines *lines);

#endif
