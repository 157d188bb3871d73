#include "lower.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "whiteout.h"

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int lower_open(struct lower *lower, const struct plan *plan) {
  *lower = (struct lower){.fds = calloc(plan->lower.count + 1, sizeof(int))};
  if (lower->fds == NULL) return -1;
  for (size_t i = 0; i < plan->lower.count; i++) {
    int fd = open(plan->lower.at[i], OPEN_DIRECTORY);
    if (fd < 0) return -1;
    lower->fds[lower->count++] = fd;
    if (opaque_is(fd)) break;
  }
  return 0;
}

static bool is_hidden(int layer, const char *name) {
  char file[NAME_MAX + 1];
  if (snprintf(file, sizeof file, WHITEOUT_PREFIX "%s", name) >= (int)sizeof file) return false;
  return faccessat(layer, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int lower_find(const struct lower *lower, const char *name, struct stat *status) {
  for (size_t i = 0; i < lower->count; i++) {
    if (fstatat(lower->fds[i], name, status, AT_SYMLINK_NOFOLLOW) == 0) return whiteout_is(status) ? -1 : (int)i;
    if (is_hidden(lower->fds[i], name)) return -1;
  }
  return -1;
}

int lower_enter(const struct lower *lower, const char *name, struct lower *below) {
  struct stat status;
  *below = (struct lower){.fds = calloc(lower->count + 1, sizeof(int))};
  if (below->fds == NULL) return -1;
  for (size_t i = 0; i < lower->count; i++) {
    if (fstatat(lower->fds[i], name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
      if (is_hidden(lower->fds[i], name)) break;
      continue;
    }
    if (!S_ISDIR(status.st_mode)) break;
    int fd = openat(lower->fds[i], name, OPEN_DIRECTORY);
    if (fd < 0) return -1;
    below->fds[below->count++] = fd;
    if (opaque_is(fd)) break;
  }
  return 0;
}

void lower_leave(struct lower *lower) {
  for (size_t i = 0; i < lower->count; i++) close(lower->fds[i]);
  free(lower->fds);
  *lower = (struct lower){0};
}

int lower_names(const struct lower *lower, struct names *names) {
  for (size_t i = 0; i < lower->count; i++) {
    if (names_read(names, lower->fds[i]) < 0) return -1;
  }
  return 0;
}
