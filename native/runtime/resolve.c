#include "resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mountapi.h"

#define DEPTH_MAX 256
#define LINKS_MAX 40
/* A rename beside a ".." makes the kernel give up with EAGAIN; somebody who renames for ever does not stop us for ever. */
#define RACES_MAX 128

static int by_kernel(int root, const char *path, int flags) {
  struct open_manner manner = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IS_IN_ROOT | RESOLVE_IS_NO_MAGICLINKS};
  int fd = -1;
  for (int races = 0; races < RACES_MAX; races++) {
    fd = open_at2(root, *path == '\0' ? "." : path, &manner);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

/* A walk by hand: for what must be made, and for kernels without openat2. ".." goes to a descriptor that the walk came through. */
struct walk {
  int root;
  int open[DEPTH_MAX];
  int depth;
  char rest[2 * PATH_MAX];
};

static int top_of(const struct walk *walk) { return walk->depth > 0 ? walk->open[walk->depth - 1] : walk->root; }

static void back_to(struct walk *walk, int depth) {
  while (walk->depth > depth) close(walk->open[--walk->depth]);
}

static bool is_magic(int link, const char *text) {
  struct statfs status;
  if (fstatfs(link, &status) < 0 || status.f_type != PROC_SUPER_MAGIC) return false;
  /* The plain ones are /proc/self, thread-self, mounts and net: numbers, and what begins with "self". */
  return strchr(text, ':') != NULL || strchr("0123456789st", *text) == NULL;
}

/* The text of the link goes before the rest of the path. */
static int follow(struct walk *walk, int link, char **at) {
  char text[PATH_MAX];
  ssize_t length = readlinkat(link, "", text, sizeof text - 1);
  if (length <= 0) return errno = length == 0 ? ENOENT : errno, -1;
  text[length] = '\0';
  if (is_magic(link, text)) return errno = ELOOP, -1;
  size_t left = strlen(*at);
  if (left >= PATH_MAX) return errno = ENAMETOOLONG, -1;
  memmove(walk->rest + length, *at, left + 1);
  memcpy(walk->rest, text, (size_t)length);
  *at = walk->rest;
  if (*text == '/') back_to(walk, 0);
  return 0;
}

static int make_entry(int folder, const char *name, mode_t mode) {
  if (S_ISDIR(mode)) return mkdirat(folder, name, mode & 07777);
  int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 07777);
  return fd < 0 ? -1 : close(fd);
}

static int by_hand(int root, const char *path, int flags, mode_t mode, bool *made) {
  struct walk walk = {.root = root};
  if (strlen(path) >= PATH_MAX) return errno = ENAMETOOLONG, -1;
  char *at = strcpy(walk.rest, path), name[NAME_MAX + 1];
  int links = 0, error = 0, fd = -1;
  while (error == 0) {
    at += strspn(at, "/");
    size_t length = strcspn(at, "/");
    if (length == 0) break;
    if (length > NAME_MAX) { error = ENAMETOOLONG; break; }
    memcpy(name, at, length), name[length] = '\0';
    at += length;
    bool last = at[strspn(at, "/")] == '\0';
    if (strcmp(name, ".") == 0) continue;
    if (strcmp(name, "..") == 0) { back_to(&walk, walk.depth > 0 ? walk.depth - 1 : 0); continue; }
    int folder = top_of(&walk);
    fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && mode != 0) {
      if (make_entry(folder, name, last ? mode : S_IFDIR | 0755) == 0) *made = last;
      else if (errno != EEXIST) { error = errno; break; }
      fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) { error = errno; break; }
    if (S_ISLNK(status.st_mode)) {
      if (last && (flags & O_NOFOLLOW)) break;
      if (++links > LINKS_MAX) error = ELOOP;
      else if (follow(&walk, fd, &at) < 0) error = errno;
    } else if (S_ISDIR(status.st_mode)) {
      if (walk.depth == DEPTH_MAX) { error = ENAMETOOLONG; break; }
      walk.open[walk.depth++] = fd;
      fd = -1;
      continue;
    } else {
      if (!last || (flags & O_DIRECTORY)) error = ENOTDIR;
      break;
    }
    close(fd);
    fd = -1;
  }
  /* The last component as it was asked for: `fd` is its O_PATH where it is no directory. */
  int result = -1;
  if (error == 0 && fd >= 0 && !(flags & O_PATH)) result = openat(top_of(&walk), name, flags | O_NOFOLLOW | O_CLOEXEC);
  else if (error == 0 && fd >= 0) result = fd, fd = -1;
  else if (error == 0) result = openat(top_of(&walk), ".", flags | O_CLOEXEC);
  if (error == 0 && result < 0) error = errno;
  if (fd >= 0) close(fd);
  back_to(&walk, 0);
  errno = error;
  return result;
}

int resolve(int root, const char *path, int flags) {
  int fd = by_kernel(root, path, flags);
  /* Filters of containers that we may run in answer EPERM for a call that they don't know. */
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
  return by_hand(root, path, flags, 0, NULL);
}

int resolve_make(int root, const char *path, mode_t mode, bool *made) {
  bool is_new = false;
  int fd = by_kernel(root, path, O_PATH);
  if (fd < 0 && (errno == ENOENT || errno == ENOSYS || errno == EPERM)) fd = by_hand(root, path, O_PATH, mode, &is_new);
  if (made != NULL) *made = is_new;
  return fd;
}

int resolve_parent(int root, const char *path, bool make, char name[NAME_MAX + 1]) {
  size_t end = strlen(path);
  while (end > 0 && path[end - 1] == '/') end--;
  size_t start = end;
  while (start > 0 && path[start - 1] != '/') start--;
  if (end - start > NAME_MAX || start >= PATH_MAX) return errno = ENAMETOOLONG, -1;
  memcpy(name, path + start, end - start), name[end - start] = '\0';
  if (end == start || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return errno = EINVAL, -1;
  char parent[PATH_MAX];
  memcpy(parent, path, start), parent[start] = '\0';
  return make ? resolve_make(root, parent, S_IFDIR | 0755, NULL) : resolve(root, parent, O_PATH | O_DIRECTORY);
}
