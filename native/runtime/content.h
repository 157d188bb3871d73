/* What is in files: written from memory, or copied. */
#ifndef LICHEN_CONTENT_H
#define LICHEN_CONTENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A new, empty file that is written from its beginning to its end. Blocks of zeros become holes. */
struct content {
  int fd;
  uint64_t size; /* that it will have */
  off_t offset;  /* of the next byte */
  off_t written; /* end of what is more than a hole */
};

/* 0, or -1 and errno. */
int content_write(struct content *content, const char *bytes, size_t length);
/* Passes over what is to be a hole. */
void content_skip(struct content *content, uint64_t length);
int content_end(struct content *content);

/* Copies all of a file into a new, empty one: shares its blocks where the file system can, keeps its holes. 0, or -1 and errno. */
int content_copy(int from, int to, off_t size, blkcnt_t blocks);

#endif
