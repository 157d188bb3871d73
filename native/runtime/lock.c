#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "report.h"

static int fd = -1;

void lock_take(const char *path) {
  fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) fail("lock", errno, path, "", "open(%s)", path);
  /* Of the open file description: it goes with the last descriptor, so no child may keep one (child_begin). */
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_OFD_SETLK, &lock) < 0) fail("lock", errno, path, "", "fcntl(%s, F_OFD_SETLK, F_WRLCK)", path);
}

void lock_release(void) {
  struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  fcntl(fd, F_OFD_SETLK, &lock);
  close(fd);
}
