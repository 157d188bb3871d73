/* Entry records of protocol.h as they come on stdin. What is wrong with them ends the process, in the stage of the operation. */
#ifndef LICHEN_STREAM_H
#define LICHEN_STREAM_H

#include <stdbool.h>

#include "content.h"
#include "entry.h"

#define STREAM_INPUT_SIZE (1u << 20)
#define STREAM_XATTRS_MAX 256

struct segment {
  uint64_t offset, length;
};

struct stream {
  const char *stage;
  char *at, *end; /* what has been read and not been used yet */
  struct xattr xattrs[STREAM_XATTRS_MAX];
  size_t xattr_count;
  struct segment *segments; /* of the next file */
  size_t segment_count;
  bool sparse;
  char buffer[STREAM_INPUT_SIZE];
};

void stream_open(struct stream *stream, const char *stage);

/*
 * The next entry; false at the end. Its strings are good until the next call of stream_next or stream_content, its attributes until
 * stream_forget, which is to be called when the entry is done.
 */
bool stream_next(struct stream *stream, struct entry *entry);
void stream_forget(struct stream *stream);

/* Writes the content of a file that was just announced, and takes the padding. 0, or -1 and errno of a write. */
int stream_content(struct stream *stream, uint64_t size, int fd);

#endif
