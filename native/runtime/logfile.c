#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static struct {
  const char *path;
  uint64_t max_size, max_files;
  int fd;
  uint64_t size; /* of the file */
  size_t length; /* of what is buffered */
  bool lossy;    /* it has been said that lines are lost */
} file = {.fd = -1};
static char buffer[LOGFILE_ENTRY_MAX];

static int open_newest(void) {
  file.fd = open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file.fd < 0) return -1;
  off_t end = lseek(file.fd, 0, SEEK_END);
  file.size = end < 0 ? 0 : (uint64_t)end;
  return 0;
}

void logfile_open(const char *path, uint64_t max_size, uint64_t max_files) {
  file.path = path;
  file.max_size = max_size;
  file.max_files = max_files;
  if (open_newest() < 0) fail("log", errno, path, "", "open(%s)", path);
}

/* `done` bytes of the buffer came through: no half of a line may stay, which would spoil the next one. */
static void cut_to_lines(size_t done) {
  const char *last = memrchr(buffer, '\n', done);
  uint64_t whole = last == NULL ? 0 : (uint64_t)(last - buffer) + 1;
  if (whole == done || ftruncate(file.fd, (off_t)(file.size + whole)) == 0) file.size += whole;
}

static void lose(const char *call) {
  if (!file.lossy) warn_of("log", errno, file.path, "what the container writes is not logged until this is mended", "%s(%s)", call, file.path);
  file.lossy = true;
}

void logfile_flush(void) {
  size_t done = 0, length = file.length;
  file.length = 0;
  if (length == 0) return;
  if (file.fd < 0 && open_newest() < 0) {
    lose("open");
    return;
  }
  while (done < length) {
    ssize_t count = write(file.fd, buffer + done, length - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      lose("write");
      cut_to_lines(done);
      return;
    }
    done += (size_t)count;
  }
  file.size += length;
}

static void name_of(uint64_t number, char name[PATH_MAX + 24]) {
  if (number == 0) snprintf(name, PATH_MAX + 24, "%s", file.path);
  else snprintf(name, PATH_MAX + 24, "%s.%llu", file.path, (unsigned long long)number);
}

static void rotate(void) {
  if (file.max_files < 2) {
    if (ftruncate(file.fd, 0) == 0) file.size = 0;
    return;
  }
  char from[PATH_MAX + 24], to[PATH_MAX + 24];
  for (uint64_t number = file.max_files - 1; number > 0; number--) {
    name_of(number - 1, from);
    name_of(number, to);
    if (rename(from, to) < 0 && errno != ENOENT) return;
  }
  close(file.fd);
  if (open_newest() < 0) lose("open");
}

char *logfile_reserve(size_t most) {
  if (file.max_size > 0 && file.size + file.length >= file.max_size) {
    logfile_flush();
    if (file.fd >= 0 && file.size >= file.max_size) rotate();
  }
  if (sizeof buffer - file.length < most) logfile_flush();
  return buffer + file.length;
}

void logfile_commit(size_t length) { file.length += length; }
