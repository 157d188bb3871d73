#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mountapi.h"
#include "resolve.h"

struct fd_path fd_path(int fd) {
  struct fd_path path;
  snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
  return path;
}

bool tree_is_detached(void) { return open_tree_at(-1, "", AT_EMPTY_PATH) >= 0 || errno != ENOSYS; }

int tree_clone(int folder, const char *path, bool recursive) {
  int tree = open_tree_at(folder, path, TREE_CLONE | AT_EMPTY_PATH | (recursive ? TREE_RECURSIVE : 0));
  if (tree >= 0 || errno != ENOSYS) return tree;
  return *path == '\0' ? fcntl(folder, F_DUPFD_CLOEXEC, 3) : openat(folder, path, O_PATH | O_CLOEXEC);
}

int tree_attach(int tree, int target, int root, const char *path) {
  if (move_mount_to(tree, target) == 0) return tree;
  if (errno != ENOSYS) return -1;
  /* Non-recursive binds of a host's mount with others below are refused to a user namespace anyway: here all are recursive. */
  if (mount(fd_path(tree).text, fd_path(target).text, NULL, MS_BIND | MS_REC, NULL) < 0) return -1;
  int there = resolve(root, path, O_PATH);
  struct stat wanted, found;
  if (there < 0 || fstat(tree, &wanted) < 0 || fstat(there, &found) < 0) return -1;
  if (wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino) return errno = ESTALE, -1;
  return there;
}

/* mount(2)'s words for attributes, with those that the mount has already. */
static unsigned long words_for(uint64_t attributes, unsigned long has) {
  static const struct { uint64_t attribute; unsigned long flag, state; } words[] = {
    {ATTRIBUTE_RDONLY, MS_RDONLY, ST_RDONLY}, {ATTRIBUTE_NOSUID, MS_NOSUID, ST_NOSUID}, {ATTRIBUTE_NODEV, MS_NODEV, ST_NODEV},
    {ATTRIBUTE_NOEXEC, MS_NOEXEC, ST_NOEXEC}, {ATTRIBUTE_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME},
  };
  unsigned long flags = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if ((attributes & words[i].attribute) || (has & words[i].state)) flags |= words[i].flag;
  }
  if (attributes & ATTRIBUTE_NOATIME) return flags | MS_NOATIME;
  if (attributes & ATTRIBUTE_STRICTATIME) return flags | MS_STRICTATIME;
  return flags | (has & ST_NOATIME ? MS_NOATIME : has & ST_RELATIME ? MS_RELATIME : MS_STRICTATIME);
}

static int remount_one(const char *path, uint64_t attributes) {
  struct statvfs state;
  if (statvfs(path, &state) < 0) return -1;
  return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | words_for(attributes, state.f_flag), NULL);
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text) {
  char *to = text;
  for (const char *from = text; *from != '\0';) {
    if (*from == '\\' && from[1] != '\0' && from[2] != '\0' && from[3] != '\0') {
      *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 4;
    } else *to++ = *from++;
  }
  *to = '\0';
}

static char mountinfo[4 << 20];

/* Every mount whose path is below that of `mount`, as /proc/self/mountinfo has them. */
static int remount_below(int mount, uint64_t attributes) {
  char top[PATH_MAX];
  ssize_t length = readlink(fd_path(mount).text, top, sizeof top - 1);
  if (length < 0) return -1;
  top[length] = '\0';
  int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t used = 0;
  for (ssize_t count; used < sizeof mountinfo - 1 && (count = read(fd, mountinfo + used, sizeof mountinfo - 1 - used)) > 0;) used += (size_t)count;
  close(fd);
  if (used == sizeof mountinfo - 1) return errno = EFBIG, -1;
  mountinfo[used] = '\0';
  char *rest;
  for (char *line = strtok_r(mountinfo, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    char *path = line;
    for (int field = 1; field < 5 && path != NULL; field++) path = strchr(path, ' ') != NULL ? strchr(path, ' ') + 1 : NULL;
    if (path == NULL || strchr(path, ' ') == NULL) continue;
    *strchr(path, ' ') = '\0';
    unescape(path);
    if (strncmp(path, top, (size_t)length) != 0 || path[length] != '/') continue;
    /* One that lies hidden below another is not at its path. */
    if (remount_one(path, attributes) < 0 && errno != EINVAL && errno != ENOENT) return -1;
  }
  return 0;
}

static int by_mount(int mount_fd, uint64_t attributes, uint64_t propagation, bool recursive) {
  if (propagation != 0 && mount(NULL, fd_path(mount_fd).text, NULL, propagation | (recursive ? MS_REC : 0), NULL) < 0) return -1;
  if (attributes == 0) return 0;
  if (attributes & ATTRIBUTE_NOSYMFOLLOW) return errno = EOPNOTSUPP, -1; /* an old kernel would take the flag and do nothing */
  if (remount_one(fd_path(mount_fd).text, attributes) < 0) return -1;
  return recursive ? remount_below(mount_fd, attributes) : 0;
}

int tree_change(int mount_fd, uint64_t attributes, uint64_t propagation, bool recursive) {
  if (attributes == 0 && propagation == 0) return 0;
  uint64_t times = attributes & ATTRIBUTE_ATIME;
  for (;;) {
    struct attribute_change change = {.set = attributes, .clear = times != 0 ? ATTRIBUTE_ATIME : 0, .propagation = propagation};
    if (mount_change(mount_fd, recursive ? TREE_RECURSIVE : 0, &change) == 0) return 0;
    if (errno == ENOSYS && by_mount(mount_fd, attributes, propagation, recursive) == 0) return 0;
    /* How a host's mount keeps access times is locked: a wish that can't be granted, and harms nobody. */
    if (errno != EPERM || times == 0) return -1;
    attributes &= ~(uint64_t)ATTRIBUTE_ATIME, times = 0;
    if (attributes == 0 && propagation == 0) return 0;
  }
}
