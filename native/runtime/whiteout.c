#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

bool whiteout_is(const struct stat *status) { return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0); }

static int make_file(int directory, const char *name) {
  int fd = openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0) return -1;
  close(fd);
  return 0;
}

int whiteout_make(int directory, const char *name) {
  if (mknodat(directory, name, S_IFCHR, makedev(0, 0)) == 0) {
    /* Of no use where user xattrs are not to be had: then the kernel's overlayfs is not either. */
    return fsetxattr(directory, WHITEOUTS_XATTR, "", 0, 0) == 0 || errno == EOPNOTSUPP ? 0 : -1;
  }
  if (errno != EPERM) return -1;
  char file[NAME_MAX + 1];
  if (snprintf(file, sizeof file, WHITEOUT_PREFIX "%s", name) >= (int)sizeof file) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return make_file(directory, file);
}

bool opaque_is(int directory) {
  char value;
  return (fgetxattr(directory, OPAQUE_XATTR, &value, 1) == 1 && value == 'y') || faccessat(directory, OPAQUE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int opaque_mark(int directory) {
  if (fsetxattr(directory, OPAQUE_XATTR, "y", 1, 0) == 0) return 0;
  return errno == EOPNOTSUPP || errno == EPERM ? make_file(directory, OPAQUE_FILE) : -1;
}
