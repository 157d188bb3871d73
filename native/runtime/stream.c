#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "records.h"
#include "report.h"

#define RECORD_MAX (256u << 10)

static _Noreturn void bad_input(const struct stream *stream, const char *why) { fail(stream->stage, 0, "", why, "%s", ""); }

void stream_open(struct stream *stream, const char *stage) {
  stream->stage = stage;
  stream->at = stream->end = stream->buffer;
  stream->xattr_count = stream->segment_count = 0;
  stream->segments = NULL;
  stream->sparse = false;
  fcntl(STDIN_FILENO, F_SETPIPE_SZ, STREAM_INPUT_SIZE); /* fewer turns between the two */
}

static void fill(struct stream *stream) {
  ssize_t count;
  do count = read(STDIN_FILENO, stream->end, (size_t)(stream->buffer + STREAM_INPUT_SIZE - stream->end));
  while (count < 0 && errno == EINTR);
  if (count < 0) fail(stream->stage, errno, "", "", "read(stdin)");
  if (count == 0) bad_input(stream, "the stream of entries was cut off");
  stream->end += count;
}

/* Bytes that lie in one piece; they are good until the next call. */
static const char *take(struct stream *stream, size_t size) {
  if ((size_t)(stream->end - stream->at) < size && (size_t)(stream->buffer + STREAM_INPUT_SIZE - stream->at) < size) {
    memmove(stream->buffer, stream->at, (size_t)(stream->end - stream->at));
    stream->end -= stream->at - stream->buffer;
    stream->at = stream->buffer;
  }
  while ((size_t)(stream->end - stream->at) < size) fill(stream);
  const char *taken = stream->at;
  stream->at += size;
  return taken;
}

/* What there is, at most `most` bytes. */
static size_t take_some(struct stream *stream, size_t most, const char **bytes) {
  if (stream->at == stream->end) {
    stream->at = stream->end = stream->buffer;
    fill(stream);
  }
  size_t there = (size_t)(stream->end - stream->at), count = there < most ? there : most;
  *bytes = stream->at;
  stream->at += count;
  return count;
}

static void *copy(const struct stream *stream, const void *bytes, size_t length) {
  void *copied = malloc(length + 1);
  if (copied == NULL) bad_input(stream, "out of memory");
  memcpy(copied, bytes, length);
  return copied;
}

static void read_xattr(struct stream *stream, struct fields *fields) {
  if (stream->xattr_count == STREAM_XATTRS_MAX) bad_input(stream, "an entry has too many extended attributes");
  struct xattr *xattr = &stream->xattrs[stream->xattr_count++];
  const char *name = field_s(fields);
  xattr->name = copy(stream, name, strlen(name) + 1);
  const void *value = field_b(fields, &xattr->length);
  xattr->value = copy(stream, value, xattr->length);
}

static void read_segments(struct stream *stream, struct fields *fields) {
  size_t length;
  const void *pairs = field_b(fields, &length);
  if (stream->sparse || length % sizeof(struct segment) != 0) bad_input(stream, "a record is broken");
  stream->sparse = true;
  stream->segments = copy(stream, pairs, length);
  stream->segment_count = length / sizeof(struct segment);
}

void stream_forget(struct stream *stream) {
  for (size_t i = 0; i < stream->xattr_count; i++) {
    free(stream->xattrs[i].name);
    free(stream->xattrs[i].value);
  }
  free(stream->segments);
  stream->xattr_count = stream->segment_count = 0;
  stream->segments = NULL;
  stream->sparse = false;
}

static void read_entry(struct fields *fields, struct entry *entry) {
  entry->type = field_u(fields);
  entry->path = field_s(fields);
  entry->link = field_s(fields);
  entry->mode = (mode_t)(field_u(fields) & 07777);
  entry->uid = field_u(fields);
  entry->gid = field_u(fields);
  entry->mtime.tv_sec = (time_t)field_u(fields);
  entry->mtime.tv_nsec = (long)field_u(fields);
  entry->size = field_u(fields);
  entry->major = field_u(fields);
  entry->minor = field_u(fields);
}

bool stream_next(struct stream *stream, struct entry *entry) {
  for (;;) {
    uint32_t head[2];
    memcpy(head, take(stream, sizeof head), sizeof head);
    if (head[1] > RECORD_MAX) bad_input(stream, "a record is too long");
    const char *payload = take(stream, (head[1] + 7u) & ~7u);
    struct fields fields = {.at = payload, .end = payload + head[1]};
    switch (head[0]) {
      case APPLY_END: return false;
      case APPLY_XATTR: read_xattr(stream, &fields); break;
      case APPLY_SPARSE: read_segments(stream, &fields); break;
      case APPLY_ENTRY:
        read_entry(&fields, entry);
        if (fields.broken || fields.at != fields.end) bad_input(stream, "a record is broken");
        entry->xattrs = stream->xattrs, entry->xattr_count = stream->xattr_count;
        return true;
      default: bad_input(stream, "unknown record: launcher and runtime are of different builds");
    }
    if (fields.broken) bad_input(stream, "a record is broken");
  }
}

static int write_piece(struct stream *stream, struct content *content, uint64_t length) {
  for (uint64_t left = length; left > 0;) {
    const char *bytes;
    size_t count = take_some(stream, left > SIZE_MAX ? SIZE_MAX : (size_t)left, &bytes);
    if (content_write(content, bytes, count) < 0) return -1;
    left -= count;
  }
  return 0;
}

int stream_content(struct stream *stream, uint64_t size, int fd) {
  if (size > INT64_MAX) return errno = EFBIG, -1; /* off_t has a sign */
  struct content content = {.fd = fd, .size = size};
  uint64_t sent = size, end = 0;
  if (!stream->sparse) {
    if (write_piece(stream, &content, size) < 0) return -1;
  } else {
    sent = 0;
    for (size_t i = 0; i < stream->segment_count; i++) {
      const struct segment *segment = &stream->segments[i];
      if (segment->offset < end || segment->offset > size || segment->length > size - segment->offset) bad_input(stream, "the map of a sparse file is broken");
      content_skip(&content, segment->offset - end);
      if (write_piece(stream, &content, segment->length) < 0) return -1;
      end = segment->offset + segment->length;
      sent += segment->length;
    }
    content_skip(&content, size - end);
  }
  if (content_end(&content) < 0) return -1;
  take(stream, (size_t)(-sent & 7));
  return 0;
}
