#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add(struct names *names, const char *name) {
  if (names->count == names->room) {
    size_t room = names->room * 2 + 32;
    char **larger = reallocarray(names->at, room, sizeof *larger);
    if (larger == NULL) return -1;
    names->at = larger;
    names->room = room;
  }
  char *copied = strdup(name);
  if (copied == NULL) return -1;
  names->at[names->count++] = copied;
  return 0;
}

int names_read(struct names *names, int directory) {
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = fd < 0 ? NULL : fdopendir(fd);
  if (entries == NULL) {
    int error = errno;
    if (fd >= 0) close(fd);
    return errno = error, -1;
  }
  int result = 0;
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(entries);
    if (entry == NULL) {
      if (errno != 0) result = -1;
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (add(names, entry->d_name) < 0) {
      result = -1;
      break;
    }
  }
  int error = errno;
  closedir(entries);
  errno = error;
  return result;
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void names_sort(struct names *names) {
  if (names->count == 0) return;
  qsort(names->at, names->count, sizeof *names->at, compare);
  size_t kept = 1;
  for (size_t i = 1; i < names->count; i++) {
    if (strcmp(names->at[i], names->at[kept - 1]) == 0) free(names->at[i]);
    else names->at[kept++] = names->at[i];
  }
  names->count = kept;
}

bool names_have(const struct names *names, const char *name) {
  return names->count > 0 && bsearch(&name, names->at, names->count, sizeof *names->at, compare) != NULL;
}

void names_forget(struct names *names) {
  for (size_t i = 0; i < names->count; i++) free(names->at[i]);
  free(names->at);
  *names = (struct names){0};
}
