#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy-xattrs.h"
#include "content.h"
#include "hard-links.h"
#include "operations.h"
#include "remove.h"
#include "report.h"
#include "whiteout.h"

/* A directory that is being copied. Levels are kept in memory of their own: how deep a layer is says its author. */
struct level {
  DIR *from;
  int to;
  struct stat status;
  size_t path_length; /* of merge.path, without this level's names */
};

struct merge {
  int target;
  struct level *levels;
  size_t depth, room;
  char *path; /* of the entry at hand, from the target */
  size_t path_room;
  struct hard_links links; /* of the layer at hand */
  struct totals totals;
};

static _Noreturn void failed(const struct merge *merge, const char *call) { fail("merge", errno, merge->path, "", "%s", call); }

static void set_path(struct merge *merge, size_t length, const char *name) {
  size_t wanted = length + strlen(name) + 2;
  if (wanted > merge->path_room) {
    merge->path = realloc(merge->path, wanted * 2);
    if (merge->path == NULL) fail("merge", ENOMEM, name, "", "realloc()");
    merge->path_room = wanted * 2;
  }
  if (length > 0) merge->path[length++] = '/';
  strcpy(merge->path + length, name);
}

static void push(struct merge *merge, int from, int to, const struct stat *status) {
  if (merge->depth == merge->room) {
    merge->room = merge->room * 2 + 16;
    merge->levels = reallocarray(merge->levels, merge->room, sizeof *merge->levels);
    if (merge->levels == NULL) failed(merge, "reallocarray()");
  }
  struct level *level = &merge->levels[merge->depth++];
  *level = (struct level){.from = fdopendir(from), .to = to, .status = *status, .path_length = strlen(merge->path)};
  if (level->from == NULL) failed(merge, "fdopendir()");
}

static void clear_way(const struct merge *merge, int to, const char *name) {
  if (remove_at(to, name) < 0) failed(merge, "unlinkat(what is replaced)");
}

/* `fd` -1: what can't be opened, by its name. */
static void finish(const struct merge *merge, int to, const char *name, int fd, const struct stat *status) {
  struct timespec times[2] = {status->st_atim, status->st_mtim};
  int owned = fd >= 0 ? fchown(fd, status->st_uid, status->st_gid) : fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW);
  if (owned < 0) failed(merge, "chown()");
  if (fd >= 0 ? fchmod(fd, status->st_mode & 07777) < 0 : !S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0) < 0) failed(merge, "chmod()");
  if ((fd >= 0 ? futimens(fd, times) : utimensat(to, name, times, AT_SYMLINK_NOFOLLOW)) < 0) failed(merge, "utimensat()");
}

static void copy_file(struct merge *merge, int from_directory, int to_directory, const char *name, const struct stat *status) {
  int from = openat(from_directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) failed(merge, "openat()");
  int to = openat(to_directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0) failed(merge, "openat(O_CREAT)");
  if (content_copy(from, to, status->st_size, status->st_blocks) < 0) failed(merge, "copy_file_range()");
  struct timespec times[2] = {status->st_atim, status->st_mtim};
  if (fchown(to, status->st_uid, status->st_gid) < 0) failed(merge, "fchown()");
  if (fchmod(to, status->st_mode & 07777) < 0) failed(merge, "fchmod()");
  /* Behind chown and write, which take file capabilities away. */
  if (copy_xattrs(from, to) < 0) failed(merge, "fsetxattr()");
  if (futimens(to, times) < 0) failed(merge, "futimens()");
  close(from);
  if (close(to) < 0) failed(merge, "close()");
  merge->totals.bytes += (uint64_t)status->st_size;
}

static void copy_other(struct merge *merge, int from_directory, int to_directory, const char *name, const struct stat *status) {
  if (S_ISLNK(status->st_mode)) {
    char text[PATH_MAX];
    ssize_t length = readlinkat(from_directory, name, text, sizeof text - 1);
    if (length < 0) failed(merge, "readlinkat()");
    text[length] = '\0';
    if (symlinkat(text, to_directory, name) < 0) failed(merge, "symlinkat()");
  } else if (mknodat(to_directory, name, (status->st_mode & S_IFMT) | 0600, status->st_rdev) < 0) {
    failed(merge, "mknodat()");
  }
  finish(merge, to_directory, name, -1, status);
}

/* True where another name of the same file has been copied: this one is linked to it. */
static bool link_again(struct merge *merge, int to_directory, const char *name, const struct stat *status) {
  if (S_ISDIR(status->st_mode) || status->st_nlink < 2) return false;
  const char *first = hard_links_find(&merge->links, status);
  if (first != NULL && linkat(merge->target, first, to_directory, name, 0) == 0) return true;
  if (first != NULL && errno != ENAMETOOLONG && errno != EMLINK) failed(merge, "linkat()");
  if (first == NULL && hard_links_add(&merge->links, status, merge->path) < 0) failed(merge, "malloc()");
  return false;
}

/* Leaves a level for the one below it. */
static void enter_directory(struct merge *merge, int from_directory, int to_directory, const char *name) {
  int from = openat(from_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat status;
  if (from < 0 || fstat(from, &status) < 0) failed(merge, "openat(O_DIRECTORY)");
  if (opaque_is(from)) clear_way(merge, to_directory, name);
  int to = -1;
  while (to < 0) {
    if (mkdirat(to_directory, name, 0700) < 0 && errno != EEXIST) failed(merge, "mkdirat()");
    to = openat(to_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to >= 0) break;
    if (errno != ENOTDIR && errno != ELOOP) failed(merge, "openat(O_DIRECTORY)");
    clear_way(merge, to_directory, name);
  }
  push(merge, from, to, &status);
}

static void merge_entry(struct merge *merge, const char *name) {
  const struct level *level = &merge->levels[merge->depth - 1];
  int from = dirfd(level->from), to = level->to;
  set_path(merge, level->path_length, name);
  struct stat status, there;
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0) failed(merge, "fstatat()");
  if (whiteout_is(&status)) return clear_way(merge, to, name);
  if (strcmp(name, OPAQUE_FILE) == 0) return;
  if (strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0) {
    const char *hidden = name + strlen(WHITEOUT_PREFIX);
    if (fstatat(from, hidden, &there, AT_SYMLINK_NOFOLLOW) < 0) clear_way(merge, to, hidden);
    return;
  }
  merge->totals.entries++;
  if (S_ISDIR(status.st_mode)) return enter_directory(merge, from, to, name);
  if (fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) == 0) clear_way(merge, to, name);
  if (link_again(merge, to, name, &status)) return;
  if (S_ISREG(status.st_mode)) copy_file(merge, from, to, name, &status);
  else copy_other(merge, from, to, name, &status);
}

/* A level has been copied: now nothing changes its times any more. */
static void pop(struct merge *merge) {
  struct level *level = &merge->levels[--merge->depth];
  set_path(merge, level->path_length, "");
  if (copy_xattrs(dirfd(level->from), level->to) < 0) failed(merge, "fsetxattr()");
  finish(merge, -1, "", level->to, &level->status);
  closedir(level->from);
  close(level->to);
}

static int open_target(const struct merge *merge) {
  int target = openat(merge->target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) failed(merge, "openat(target)");
  return target;
}

/* What the layers below have brought. */
static void empty_target(const struct merge *merge) {
  DIR *target = fdopendir(open_target(merge));
  if (target == NULL) failed(merge, "fdopendir()");
  for (struct dirent *entry = readdir(target); entry != NULL; entry = readdir(target)) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) clear_way(merge, merge->target, entry->d_name);
  }
  closedir(target);
}

static void merge_layer(struct merge *merge, int layer) {
  struct stat status;
  set_path(merge, 0, "");
  if (fstat(layer, &status) < 0) failed(merge, "fstat(layer)");
  if (opaque_is(layer)) empty_target(merge);
  push(merge, layer, open_target(merge), &status);
  while (merge->depth > 0) {
    errno = 0;
    struct dirent *entry = readdir(merge->levels[merge->depth - 1].from);
    if (entry == NULL && errno != 0) failed(merge, "readdir()");
    if (entry == NULL) pop(merge);
    else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) merge_entry(merge, entry->d_name);
  }
  hard_links_forget(&merge->links);
}

struct totals op_merge(const struct plan *plan, const int *paths) {
  struct merge merge = {.target = paths[0]};
  for (size_t i = 1; i < plan->op_paths.count; i++) merge_layer(&merge, paths[i]);
  return merge.totals;
}
