#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "resolve.h"
#include "whiteout.h"

#define LINKS_MAX 40 /* as the kernel */
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The directory, made where there is none. */
static int step_down(int at, const char *name) {
  int below = openat(at, name, OPEN_DIRECTORY);
  if (below >= 0) return below;
  struct stat status;
  bool hidden = false;
  if (errno == ENOTDIR) {
    if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    hidden = whiteout_is(&status);
    if (!hidden) {
      errno = ENOTDIR;
      return -1;
    }
    if (unlinkat(at, name, 0) < 0) return -1;
  } else if (errno != ENOENT) {
    return -1;
  }
  /* The directory above was given its time already. */
  if (fstat(at, &status) < 0 || mkdirat(at, name, 0755) < 0) return -1;
  struct timespec times[2] = {status.st_atim, status.st_mtim};
  below = openat(at, name, OPEN_DIRECTORY);
  if (below >= 0 && (futimens(at, times) < 0 || (hidden && opaque_mark(below) < 0))) {
    close(below);
    return -1;
  }
  return below;
}

/* By hand, where directories must be made. Nobody else changes the tree meanwhile. */
static int walk(int root, const char *path) {
  char rest[2 * PATH_MAX], link[PATH_MAX];
  if (strlen(path) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(rest, path);
  char *next = rest;
  int links = 0, depth = 0, at = openat(root, ".", OPEN_DIRECTORY);
  while (at >= 0) {
    next += strspn(next, "/");
    if (*next == '\0') return at;
    size_t length = strcspn(next, "/");
    char *name = next, *tail = next + length;
    if (*tail != '\0') *tail++ = '\0';
    next = tail;
    if (strcmp(name, ".") == 0) continue;
    int below;
    if (strcmp(name, "..") == 0) {
      if (depth == 0) continue; /* the root is its own parent */
      below = openat(at, "..", OPEN_DIRECTORY);
      depth--;
    } else {
      ssize_t target = readlinkat(at, name, link, sizeof link - 1);
      if (target > 0) {
        link[target] = '\0';
        size_t left = strlen(next);
        if (++links > LINKS_MAX || (size_t)target + left + 2 > sizeof rest) {
          errno = links > LINKS_MAX ? ELOOP : ENAMETOOLONG;
          break;
        }
        memmove(rest + target + 1, next, left + 1);
        memcpy(rest, link, (size_t)target);
        rest[target] = '/';
        next = rest;
        if (link[0] != '/') continue;
        below = openat(root, ".", OPEN_DIRECTORY);
        depth = 0;
      } else {
        below = step_down(at, name);
        depth++;
      }
    }
    if (below < 0) break;
    close(at);
    at = below;
  }
  int error = errno;
  if (at >= 0) close(at);
  errno = error;
  return -1;
}

int beneath_directory(int root, const char *path, bool create) {
  int fd = resolve(root, path, O_RDONLY | O_DIRECTORY);
  if (fd >= 0 || !create || (errno != ENOENT && errno != ENOTDIR)) return fd;
  return walk(root, path);
}
