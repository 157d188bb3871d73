#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// A second open of a pty's master would be the master of another pty.
static bool IsPtyMaster(int fd) {
  unsigned number;
  return ioctl(fd, TIOCGPTN, &number) == 0;
}

Stream::Stream(int fd, Direction direction) : fd_(fd) {
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0) return;
  if (S_ISSOCK(status.st_mode)) {
    kind_ = Socket;
    return;
  }
  int flags = fcntl(fd, F_GETFL);
  bool pipe = S_ISFIFO(status.st_mode), terminal = S_ISCHR(status.st_mode) && isatty(fd);
  if (!pipe && !terminal) return;
  kind_ = flags >= 0 && (flags & O_NONBLOCK) ? NonBlocking : MayBlock;
  if (kind_ == NonBlocking || (terminal && IsPtyMaster(fd))) return;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  // Fails for a terminal of the user that this one came from by su, and for a pipe that nobody reads.
  int again = ::open(path, (direction == In ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (again < 0) return;
  fd_ = again;
  own_ = true;
  kind_ = NonBlocking;
}

void Stream::Close() {
  if (own_) ::close(fd_);
  own_ = false;
  fd_ = -1;
}

bool Stream::Ready(short events) const {
  struct pollfd one = {fd_, events, 0};
  return poll(&one, 1, 0) != 0;
}

ssize_t Stream::Read(char *data, size_t length) {
  ssize_t count;
  do {
    if (kind_ == MayBlock && !Ready(POLLIN)) return -EAGAIN;
    count = kind_ == Socket ? recv(fd_, data, length, MSG_DONTWAIT) : read(fd_, data, length);
  } while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

ssize_t Stream::Write(const char *data, size_t length) {
  ssize_t count;
  do {
    if (kind_ == MayBlock) {
      if (!Ready(POLLOUT)) return -EAGAIN;
      // So much has room when poll says so, and no more for sure.
      if (length > PIPE_BUF) length = PIPE_BUF;
    }
    count = kind_ == Socket ? send(fd_, data, length, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd_, data, length);
  } while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}
