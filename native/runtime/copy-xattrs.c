#include "copy-xattrs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#define ESCAPED "user.overlay.overlay."
#define OVERLAY "user.overlay."

static int copy_one(int from, int to, const char *name, char *value) {
  ssize_t length = fgetxattr(from, name, value, XATTR_SIZE_MAX);
  if (length < 0) return errno == ENODATA || errno == EPERM ? 0 : -1;
  char plain[XATTR_NAME_MAX + 1];
  if (strncmp(name, ESCAPED, strlen(ESCAPED)) == 0) {
    snprintf(plain, sizeof plain, OVERLAY "%s", name + strlen(ESCAPED));
    name = plain;
  }
  if (fsetxattr(to, name, value, (size_t)length, 0) == 0 || errno == EPERM || errno == EOPNOTSUPP) return 0;
  return -1;
}

int copy_xattrs(int from, int to) {
  char fixed[4096], *names = fixed;
  ssize_t size = flistxattr(from, fixed, sizeof fixed);
  if (size < 0 && errno == EOPNOTSUPP) return 0;
  if (size < 0 && errno == ERANGE) {
    names = malloc(XATTR_LIST_MAX);
    size = names == NULL ? -1 : flistxattr(from, names, XATTR_LIST_MAX);
  }
  char *value = size > 0 ? malloc(XATTR_SIZE_MAX) : NULL;
  int result = size < 0 || (size > 0 && value == NULL) ? -1 : 0;
  for (const char *name = names; result == 0 && name < names + size; name += strlen(name) + 1) {
    bool told = strncmp(name, OVERLAY, strlen(OVERLAY)) == 0 && strncmp(name, ESCAPED, strlen(ESCAPED)) != 0;
    if (!told) result = copy_one(from, to, name, value);
  }
  free(value);
  if (names != fixed) free(names);
  return result;
}
