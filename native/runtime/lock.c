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
  int command = F_OFD_SETLK;
  while (fcntl(fd, command, &lock) < 0) {
    int error = errno;
    struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (error == EINTR) continue;
    if ((error != EAGAIN && error != EACCES) || fcntl(fd, F_OFD_GETLK, &other) < 0 || other.l_type == F_WRLCK)
      fail("lock", error, path, "", "fcntl(%s, F_OFD_SETLK, F_WRLCK)", path);
    /* Who waits for the end of a container is woken with a read lock, and lets go of it at once. */
    command = F_OFD_SETLKW;
  }
}

void lock_release(void) {
  struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  fcntl(fd, F_OFD_SETLK, &lock);
  close(fd);
}
