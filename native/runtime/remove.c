#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operations.h"
#include "report.h"

/* Of a deep tree so many directories are kept open; those above are found again by "..". */
#define OPEN_MAX_LEVELS 64
#define RESCANS_MAX 1000

struct level {
  int fd; /* -1: closed meanwhile */
  int rescans;
  dev_t device;
  ino_t inode;
  off_t resume;
  char name[NAME_MAX + 1];
};

struct tree {
  int above; /* holds the first level */
  struct level *levels;
  size_t depth, room;
};

struct entry {
  ino64_t inode;
  off64_t next;
  unsigned short length;
  unsigned char type;
  char name[];
};

static char subject[NAME_MAX + 1];
static uint64_t removed;

const char *remove_subject(void) { return subject; }

static int failed(const char *name) {
  if (subject[0] == '\0') snprintf(subject, sizeof subject, "%s", name);
  return -1;
}

static bool is_mounted(int fd) {
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0) return false;
  return (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* -1 and ENOENT where it has gone. */
static int push(struct tree *tree, int above, const char *name) {
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  int fd = openat(above, name, flags);
  /* Where not even a mapped root may look into it (NFS), its owner may open it. */
  if (fd < 0 && errno == EACCES && fchmodat(above, name, 0700, 0) == 0) fd = openat(above, name, flags);
  if (fd < 0) return -1;
  struct stat status;
  if (is_mounted(fd) || fstat(fd, &status) < 0) {
    close(fd);
    errno = EBUSY;
    return -1;
  }
  if (tree->depth == tree->room) {
    size_t room = tree->room * 2 + 16;
    struct level *larger = reallocarray(tree->levels, room, sizeof *larger);
    if (larger == NULL) {
      close(fd);
      return -1;
    }
    tree->levels = larger;
    tree->room = room;
  }
  struct level *level = &tree->levels[tree->depth++];
  *level = (struct level){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
  snprintf(level->name, sizeof level->name, "%s", name);
  if (tree->depth > OPEN_MAX_LEVELS) {
    struct level *old = &tree->levels[tree->depth - 1 - OPEN_MAX_LEVELS];
    if (old->fd >= 0) close(old->fd);
    old->fd = -1;
  }
  return 0;
}

/* The level above the top one, open. Somebody may have moved us elsewhere meanwhile: ENOENT. */
static int open_above(struct tree *tree) {
  if (tree->depth == 1) return tree->above;
  struct level *above = &tree->levels[tree->depth - 2];
  if (above->fd >= 0) return above->fd;
  int fd = openat(tree->levels[tree->depth - 1].fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status;
  if (fd < 0) return -1;
  if (fstat(fd, &status) < 0 || status.st_dev != above->device || status.st_ino != above->inode) {
    close(fd);
    errno = ENOENT;
    return -1;
  }
  return above->fd = fd;
}

static int unlink_hard(int directory, const char *name, int flags) {
  if (unlinkat(directory, name, flags) == 0) {
    removed++;
    return 0;
  }
  if (errno != EACCES || fchmod(directory, 0700) < 0) return -1;
  if (unlinkat(directory, name, flags) < 0) return -1;
  removed++;
  return 0;
}

/* 1: a directory was entered; 0: gone; -1. */
static int remove_entry(struct tree *tree, int directory, const char *name, unsigned char type) {
  if (type != DT_DIR) {
    if (unlink_hard(directory, name, 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR) return failed(name);
  }
  if (unlink_hard(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST && errno != EACCES) return failed(name);
  if (push(tree, directory, name) == 0) return 1;
  return errno == ENOENT ? 0 : failed(name);
}

/* Reads on in the top level, until it is empty (0) or a directory below was entered (1). */
static int empty_top(struct tree *tree) {
  static char buffer[32 * 1024] __attribute__((aligned(16)));
  size_t top = tree->depth - 1;
  int fd = tree->levels[top].fd;
  off_t position = tree->levels[top].resume;
  /* ext4 refuses a place of before, when somebody has emptied the directory meanwhile. */
  if (lseek(fd, position, SEEK_SET) < 0 && lseek(fd, 0, SEEK_SET) < 0) return failed(tree->levels[top].name);
  for (;;) {
    long count = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (count < 0 && errno == ENOENT) return 0;
    if (count < 0) return failed(tree->levels[top].name);
    if (count == 0) return 0;
    for (long at = 0; at < count;) {
      struct entry *entry = (struct entry *)(buffer + at);
      at += entry->length;
      position = entry->next;
      if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
      int result = remove_entry(tree, fd, entry->name, entry->type);
      if (result == 0) continue;
      tree->levels[top].resume = position;
      return result;
    }
  }
}

/* Removes the top level, which has been emptied. */
static int pop(struct tree *tree) {
  struct level *level = &tree->levels[tree->depth - 1];
  int above = open_above(tree);
  if (above < 0) return failed(level->name);
  if (unlink_hard(above, level->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
    if ((errno != ENOTEMPTY && errno != EEXIST) || level->rescans++ >= RESCANS_MAX) return failed(level->name);
    level->resume = 0; /* entries that came, or that reading passed over */
    return 0;
  }
  close(level->fd);
  tree->depth--;
  return 0;
}

static int remove_tree(struct tree *tree) {
  while (tree->depth > 0) {
    int result = empty_top(tree);
    if (result == 0) result = pop(tree);
    if (result < 0) return -1;
  }
  return 0;
}

int remove_at(int directory, const char *name) {
  subject[0] = '\0';
  struct tree tree = {.above = directory};
  int result = remove_entry(&tree, directory, name, DT_UNKNOWN);
  if (result == 1) result = remove_tree(&tree);
  int error = errno;
  for (size_t i = 0; i < tree.depth; i++) {
    if (tree.levels[i].fd >= 0) close(tree.levels[i].fd);
  }
  free(tree.levels);
  errno = error;
  return result;
}

struct totals op_remove(const struct plan *plan, const int *parents) {
  for (size_t i = 0; i < plan->op_paths.count; i++) {
    const char *path = plan->op_paths.at[i], *slash = strrchr(path, '/');
    if (parents[i] < 0) continue;
    if (remove_at(parents[i], slash == NULL ? path : slash + 1) == 0) continue;
    fail("remove", errno, path, "", "unlinkat(%s)", subject);
  }
  return (struct totals){.entries = removed};
}
