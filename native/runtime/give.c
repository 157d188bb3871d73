#include "give.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "directory-entry.h"

#define DEPTH_MAX 500

struct gift {
  uid_t uid;
  gid_t gid;
  dev_t device;
};

static int give_directory(const struct gift *gift, int directory, int depth);

/* Somebody may put a link where a directory was: the name is opened once, without following, and everything else is done to what was opened. */
static int give_entry(const struct gift *gift, int folder, const char *name, int depth) {
  int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = 0;
  if (fd < 0) return errno == ENOENT ? 0 : -1;
  struct stat status;
  if (fstat(fd, &status) < 0) result = -1;
  else if (status.st_dev == gift->device) {
    if (S_ISDIR(status.st_mode)) {
      int directory = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      result = directory < 0 ? -1 : give_directory(gift, directory, depth + 1);
      int error = errno;
      if (directory >= 0) close(directory);
      errno = error;
    }
    if (result == 0 && (status.st_uid != gift->uid || status.st_gid != gift->gid)) result = fchownat(fd, "", gift->uid, gift->gid, AT_EMPTY_PATH);
  }
  int error = errno;
  close(fd);
  errno = error;
  return result;
}

static int give_directory(const struct gift *gift, int directory, int depth) {
  if (depth > DEPTH_MAX) return errno = ELOOP, -1;
  _Alignas(struct directory_entry) char buffer[4096];
  long count;
  while ((count = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < count;) {
      struct directory_entry *entry = (struct directory_entry *)(buffer + at);
      if (!is_dot(entry->name) && give_entry(gift, directory, entry->name, depth) < 0) return -1;
      at += entry->length;
    }
  }
  return count < 0 ? -1 : 0;
}

int tree_give(int fd, uid_t uid, gid_t gid) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -1;
  struct gift gift = {.uid = uid, .gid = gid, .device = status.st_dev};
  if (S_ISDIR(status.st_mode)) {
    int directory = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = directory < 0 ? -1 : give_directory(&gift, directory, 0), error = errno;
    if (directory >= 0) close(directory);
    errno = error;
    if (result < 0) return -1;
  }
  if (status.st_uid == uid && status.st_gid == gid) return 0;
  return fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
}
