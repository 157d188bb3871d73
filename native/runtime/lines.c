#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "resolve.h"

static char buffer[LINES_LINE_MAX + 1];

static _Noreturn void refuse(const char *path, int error, const char *what) {
  char detail[256];
  snprintf(detail, sizeof detail, "%s of the container %s", path, what);
  fail("user", error, path, detail, "open(%s)", path);
}

/* Looked at before it is opened (a device may act upon that), and once more afterwards. */
void lines_open(struct lines *lines, int root, const char *path) {
  *lines = (struct lines){.fd = -1, .path = path};
  for (int last = 0; last < 2; last++) {
    int fd = resolve(root, path, last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) refuse(path, errno, strerror(errno));
    if (!S_ISREG(status.st_mode)) refuse(path, EINVAL, "is not a regular file");
    if (status.st_size > LINES_FILE_MAX) refuse(path, EFBIG, "is larger than 16 MiB");
    if (last) lines->fd = fd;
    else close(fd);
  }
}

static bool fill(struct lines *lines) {
  if (lines->start > 0) memmove(buffer, buffer + lines->start, lines->end - lines->start);
  lines->end -= lines->start;
  lines->start = 0;
  if (lines->end == LINES_LINE_MAX) refuse(lines->path, EFBIG, "has a line of more than 1 MiB");
  ssize_t count;
  do count = read(lines->fd, buffer + lines->end, LINES_LINE_MAX - lines->end);
  while (count < 0 && errno == EINTR);
  if (count < 0) refuse(lines->path, errno, strerror(errno));
  lines->end += (size_t)count;
  lines->total += (size_t)count;
  if (lines->total > LINES_FILE_MAX) refuse(lines->path, EFBIG, "is larger than 16 MiB"); /* it grows while it is read */
  return count > 0;
}

char *lines_next(struct lines *lines) {
  if (lines->fd < 0) return NULL;
  for (size_t searched = lines->start;;) {
    char *newline = memchr(buffer + searched, '\n', lines->end - searched);
    if (newline == NULL) {
      size_t left = lines->end - lines->start;
      if (fill(lines)) {
        searched = lines->start + left;
        continue;
      }
      if (left == 0) return NULL;
      newline = buffer + lines->end; /* the last line has no end */
    }
    char *line = buffer + lines->start;
    *newline = '\0';
    lines->start = (size_t)(newline - buffer) + 1;
    if (lines->start > lines->end) lines->start = lines->end;
    return line;
  }
}

void lines_close(struct lines *lines) {
  if (lines->fd >= 0) close(lines->fd);
  lines->fd = -1;
}
