#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK 4096
#define SPARSE_MIN (64u << 10) /* smaller files are not looked through */

static bool is_zero(const char *bytes, size_t length) { return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0; }

static int write_at(int fd, const char *bytes, size_t length, off_t offset) {
  while (length > 0) {
    ssize_t count = pwrite(fd, bytes, length, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    bytes += count;
    length -= (size_t)count;
    offset += count;
  }
  return 0;
}

int content_write(struct content *content, const char *bytes, size_t length) {
  const char *from = bytes, *at = bytes, *end = bytes + length;
  if (content->size < SPARSE_MIN) at = end;
  off_t base = content->offset;
  while (at < end) {
    size_t block = BLOCK - (size_t)(base + (at - bytes)) % BLOCK;
    if (block > (size_t)(end - at)) block = (size_t)(end - at);
    /* Parts of a block, as chunks leave them, are not worth a hole. */
    if (block == BLOCK && is_zero(at, block)) {
      if (at > from && write_at(content->fd, from, (size_t)(at - from), base + (from - bytes)) < 0) return -1;
      if (at > from) content->written = base + (at - bytes);
      from = at + block;
    }
    at += block;
  }
  if (end > from) {
    if (write_at(content->fd, from, (size_t)(end - from), base + (from - bytes)) < 0) return -1;
    content->written = base + (off_t)length;
  }
  content->offset = base + (off_t)length;
  return 0;
}

void content_skip(struct content *content, uint64_t length) { content->offset += (off_t)length; }

int content_end(struct content *content) { return content->written < content->offset ? ftruncate(content->fd, content->offset) : 0; }

static int copy_by_hand(int from, int to, off_t at, off_t end) {
  static char buffer[256 * 1024];
  while (at < end) {
    size_t most = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
    ssize_t count = pread(from, buffer, most, at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || (count > 0 && write_at(to, buffer, (size_t)count, at) < 0)) return -1;
    if (count == 0) return 0;
    at += count;
  }
  return 0;
}

static int copy_range(int from, int to, off_t at, off_t end) {
  while (at < end) {
    off_t in = at, out = at;
    ssize_t count = copy_file_range(from, &in, to, &out, (size_t)(end - at), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EXDEV || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL || errno == EPERM)) return copy_by_hand(from, to, at, end);
    if (count < 0) return -1;
    if (count == 0) return copy_by_hand(from, to, at, end); /* some file systems say 0 and mean "not so" */
    at += count;
  }
  return 0;
}

int content_copy(int from, int to, off_t size, blkcnt_t blocks) {
  if (size == 0) return 0;
  if (ioctl(to, FICLONE, from) == 0) return 0;
  if (blocks >= (size + 511) / 512) return copy_range(from, to, 0, size);
  if (ftruncate(to, size) < 0) return -1;
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0) return errno == ENXIO ? 0 : errno == EINVAL ? copy_range(from, to, at, size) : -1;
    off_t hole = lseek(from, data, SEEK_HOLE);
    if (hole < 0) hole = size;
    if (copy_range(from, to, data, hole) < 0) return -1;
    at = hole;
  }
  return 0;
}
