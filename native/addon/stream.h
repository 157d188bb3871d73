#ifndef LICHEN_ADDON_STREAM_H
#define LICHEN_ADDON_STREAM_H

#include <stddef.h>
#include <sys/types.h>

/*
 * A descriptor of the user's, stdin, stdout or stderr, read and written without waiting. O_NONBLOCK belongs to the open
 * file, which the user's shell and other programs share: it is never set. A pipe or terminal is opened once more
 * through /proc in its place; where that fails, poll is asked first.
 */
class Stream {
 public:
  enum Direction { In, Out };
  Stream(int fd, Direction direction);
  Stream(const Stream &) = delete;
  ~Stream() { Close(); }

  bool open() const { return fd_ >= 0; }
  // For poll; -1 once it is closed.
  int fd() const { return fd_; }
  void Close();

  // Bytes moved, 0 at the end of input, or -errno; -EAGAIN: not now.
  ssize_t Read(char *data, size_t length);
  ssize_t Write(const char *data, size_t length);

 private:
  enum Kind { Plain, NonBlocking, MayBlock, Socket };
  bool Ready(short events) const;
  int fd_;
  bool own_ = false;
  Kind kind_ = Plain;
};

#endif
