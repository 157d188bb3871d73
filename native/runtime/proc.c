#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int proc_read(int directory, const char *path, char *text, size_t size) {
  int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t count;
  do count = read(fd, text, size - 1);
  while (count < 0 && errno == EINTR);
  int error = errno;
  close(fd);
  errno = error;
  text[count < 0 ? 0 : count] = '\0';
  return count < 0 ? -1 : 0;
}

uint64_t proc_start_time(pid_t pid) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (proc_read(AT_FDCWD, path, text, sizeof text) < 0) return 0;
  /* The name in field 2 may hold anything, spaces and parentheses too. */
  const char *at = strrchr(text, ')');
  for (int field = 2; at != NULL && field < 22; field++) at = strchr(at + 1, ' ');
  return at == NULL ? 0 : strtoull(at, NULL, 10);
}
