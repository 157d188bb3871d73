#include "keep.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "whiteout.h"

#define OVERLAY "user.overlay."
#define ESCAPED "user.overlay.overlay."

static bool is_note(const char *name) { return strncmp(name, OVERLAY, strlen(OVERLAY)) == 0 && strncmp(name, ESCAPED, strlen(ESCAPED)) != 0; }

int keep_strip(int fd) {
  char fixed[1024], *names = fixed;
  ssize_t size = flistxattr(fd, fixed, sizeof fixed);
  if (size < 0 && errno == ERANGE) {
    names = malloc(XATTR_LIST_MAX);
    size = names == NULL ? -1 : flistxattr(fd, names, XATTR_LIST_MAX);
  }
  int result = size < 0 && errno != EOPNOTSUPP ? -1 : 0;
  for (const char *name = names; result == 0 && size > 0 && name < names + size; name += strlen(name) + 1) {
    if (is_note(name) && fremovexattr(fd, name) < 0 && errno != ENODATA) result = -1;
  }
  if (names != fixed) free(names);
  return result;
}

int keep_directory(int fd, bool opaque, bool whiteouts) {
  if (keep_strip(fd) < 0) return -1;
  if (opaque && opaque_mark(fd) < 0) return -1;
  return whiteouts ? fsetxattr(fd, WHITEOUTS_XATTR, "", 0, 0) : 0;
}
