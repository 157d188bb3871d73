#include "travel-xattrs.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "entry-xattrs.h"
#include "names.h"

#define OVERLAY "user.overlay."
#define ESCAPED "user.overlay.overlay."

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

bool travel_may_set(const char *name) {
  if (strcmp(name, "security.capability") == 0) return true;
  return starts_with(name, "user.") && !starts_with(name, OVERLAY) && !starts_with(name, "user.fuseoverlayfs.") && strcmp(name, OWNER_XATTR) != 0;
}

/* As a file in a container shows it; NULL: it does not travel. */
static const char *outside(const char *name, char plain[XATTR_NAME_MAX + 1]) {
  if (!starts_with(name, ESCAPED)) return travel_may_set(name) ? name : NULL;
  snprintf(plain, XATTR_NAME_MAX + 1, OVERLAY "%s", name + strlen(ESCAPED));
  return plain;
}

static int list(int fd, struct names *names) {
  char fixed[1024], *text = fixed;
  ssize_t size = flistxattr(fd, fixed, sizeof fixed);
  if (size < 0 && errno == ERANGE) {
    text = malloc(XATTR_LIST_MAX);
    size = text == NULL ? -1 : flistxattr(fd, text, XATTR_LIST_MAX);
  }
  int result = size < 0 && errno != EOPNOTSUPP && errno != EPERM ? -1 : 0;
  for (const char *name = text; result == 0 && size > 0 && name < text + size; name += strlen(name) + 1) {
    char plain[XATTR_NAME_MAX + 1];
    if (outside(name, plain) == NULL) continue;
    char **larger = reallocarray(names->at, names->count + 1, sizeof *larger);
    if (larger == NULL || (larger[names->count] = strdup(name)) == NULL) result = -1;
    if (larger != NULL) names->at = larger;
    if (result == 0) names->count++;
  }
  if (text != fixed) free(text);
  names_sort(names);
  return result;
}

int travel_xattrs(int fd, void (*put)(void *sink, const char *name, const void *value, size_t length), void *sink) {
  static char value[XATTR_SIZE_MAX];
  struct names names = {0};
  int result = list(fd, &names);
  for (size_t i = 0; result == 0 && i < names.count; i++) {
    char plain[XATTR_NAME_MAX + 1];
    ssize_t length = fgetxattr(fd, names.at[i], value, sizeof value);
    if (length >= 0) put(sink, outside(names.at[i], plain), value, (size_t)length);
    else if (errno != ENODATA && errno != EPERM && errno != EOPNOTSUPP) result = -1;
  }
  int error = errno;
  names_forget(&names);
  errno = error;
  return result;
}

void travel_owner(int fd, uint64_t *uid, uint64_t *gid) {
  char text[64];
  ssize_t length = fgetxattr(fd, OWNER_XATTR, text, sizeof text - 1);
  unsigned long long first, second;
  if (length <= 0) return;
  text[length] = '\0';
  if (sscanf(text, "%llu:%llu", &first, &second) != 2 || first >= UINT32_MAX || second >= UINT32_MAX) return;
  *uid = first, *gid = second;
}

struct collected {
  char *bytes;
  size_t length;
  bool broken;
};

static void collect(void *sink, const char *name, const void *value, size_t length) {
  struct collected *all = sink;
  size_t name_length = strlen(name) + 1, wanted = all->length + name_length + sizeof length + length;
  char *larger = realloc(all->bytes, wanted);
  if (larger == NULL) {
    all->broken = true;
    return;
  }
  all->bytes = larger;
  memcpy(larger + all->length, name, name_length);
  memcpy(larger + all->length + name_length, &length, sizeof length);
  memcpy(larger + all->length + name_length + sizeof length, value, length);
  all->length = wanted;
}

bool travel_same(int one, int other) {
  struct collected first = {0}, second = {0};
  bool same = travel_xattrs(one, collect, &first) == 0 && travel_xattrs(other, collect, &second) == 0 && !first.broken && !second.broken &&
              first.length == second.length && (first.length == 0 || memcmp(first.bytes, second.bytes, first.length) == 0);
  free(first.bytes);
  free(second.bytes);
  return same;
}
