#include "copyup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "content.h"
#include "copy-xattrs.h"
#include "directory-entry.h"
#include "hard-links.h"
#include "resolve.h"

#define DEPTH_MAX 200

struct copy {
  int to;
  char path[PATH_MAX]; /* of the current entry, relative to `to` */
  size_t path_length;
  struct hard_links links;
};

static int copy_directory(struct copy *copy, int from, int to, int depth);

static int is_empty(int directory) {
  _Alignas(struct directory_entry) char buffer[4096];
  long count;
  while ((count = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < count;) {
      struct directory_entry *entry = (struct directory_entry *)(buffer + at);
      if (!is_dot(entry->name)) return 0;
      at += entry->length;
    }
  }
  return count == 0 ? 1 : -1;
}

/* Owner first: a change of owner takes capabilities and setuid bits away. */
static int copy_metadata(int from, int to, const struct stat *status) {
  if (fchown(to, status->st_uid, status->st_gid) < 0 && errno != EINVAL && errno != EPERM) return -1;
  (void)!copy_xattrs(from, to); /* what may not be set here is not missed */
  if (fchmod(to, status->st_mode & 07777) < 0) return -1;
  struct timespec times[2] = {status->st_atim, status->st_mtim};
  (void)!futimens(to, times);
  return 0;
}

/* Others may be at work in the volume, and put a link where a directory was: none leads out of it. */
static int link_again(const struct copy *copy, const char *first, int to_folder, const char *name) {
  char first_name[NAME_MAX + 1];
  int folder = resolve_parent(copy->to, first, false, first_name);
  if (folder < 0) return -1;
  int result = linkat(folder, first_name, to_folder, name, 0);
  close(folder);
  return result;
}

static int copy_file(struct copy *copy, int from_folder, int to_folder, const char *name, const struct stat *status) {
  if (status->st_nlink > 1) {
    const char *first = hard_links_find(&copy->links, status);
    if (first != NULL && link_again(copy, first, to_folder, name) == 0) return 0;
    if (first == NULL && hard_links_add(&copy->links, status, copy->path) < 0) return -1;
  }
  int from = openat(from_folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (from < 0) return -1;
  int to = openat(to_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int result = to < 0 ? -1 : content_copy(from, to, status->st_size, status->st_blocks) < 0 ? -1 : copy_metadata(from, to, status);
  int error = errno;
  if (to >= 0) close(to);
  close(from);
  errno = error;
  return result;
}

static int copy_special(int from_folder, int to_folder, const char *name, const struct stat *status) {
  if (S_ISLNK(status->st_mode)) {
    char text[PATH_MAX];
    ssize_t length = readlinkat(from_folder, name, text, sizeof text - 1);
    if (length < 0) return -1;
    text[length] = '\0';
    if (symlinkat(text, to_folder, name) < 0) return -1;
  } else if (S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode)) {
    if (mknodat(to_folder, name, status->st_mode, 0) < 0) return -1;
  } else return 0;
  if (fchownat(to_folder, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL && errno != EPERM) return -1;
  struct timespec times[2] = {status->st_atim, status->st_mtim};
  (void)!utimensat(to_folder, name, times, AT_SYMLINK_NOFOLLOW);
  return 0;
}

static int copy_folder(struct copy *copy, int from_folder, int to_folder, const char *name, const struct stat *status, int depth) {
  int from = openat(from_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) return -1;
  int to = mkdirat(to_folder, name, 0700) < 0 && errno != EEXIST ? -1 : openat(to_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int result = to < 0 ? -1 : copy_directory(copy, from, to, depth + 1);
  if (result == 0) result = copy_metadata(from, to, status);
  int error = errno;
  if (to >= 0) close(to);
  close(from);
  errno = error;
  return result;
}

static int copy_entry(struct copy *copy, int from, int to, const char *name, int depth) {
  struct stat status;
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return -1;
  size_t before = copy->path_length, length = strlen(name);
  if (before + length + 2 > sizeof copy->path) return errno = ENAMETOOLONG, -1;
  if (before > 0) copy->path[copy->path_length++] = '/';
  memcpy(copy->path + copy->path_length, name, length + 1);
  copy->path_length += length;
  int result = S_ISDIR(status.st_mode)   ? copy_folder(copy, from, to, name, &status, depth)
               : S_ISREG(status.st_mode) ? copy_file(copy, from, to, name, &status)
                                         : copy_special(from, to, name, &status);
  copy->path[copy->path_length = before] = '\0';
  /* Another container that starts on the same new volume copies the same. */
  return result < 0 && errno == EEXIST ? 0 : result;
}

static int copy_directory(struct copy *copy, int from, int to, int depth) {
  if (depth > DEPTH_MAX) return errno = ELOOP, -1;
  _Alignas(struct directory_entry) char buffer[8192];
  long count;
  while ((count = syscall(SYS_getdents64, from, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < count;) {
      struct directory_entry *entry = (struct directory_entry *)(buffer + at);
      if (!is_dot(entry->name) && copy_entry(copy, from, to, entry->name, depth) < 0) return -1;
      at += entry->length;
    }
  }
  return count < 0 ? -1 : 0;
}

/* Root's, wherever there is one in the container. */
static bool is_ours(const struct stat *status) { return status->st_uid == geteuid() && status->st_gid == getegid(); }

/* A directory that was made as a mount point, at this start or an earlier one of the container: the image has nothing there. */
static bool is_mount_point_only(int directory, const struct stat *status) {
  return is_ours(status) && (status->st_mode & 07777) == 0755 && is_empty(directory) == 1;
}

static int copy_into(int from, int to, const struct stat *image, const struct stat *volume) {
  static struct copy copy;
  copy = (struct copy){.to = to};
  int result = copy_directory(&copy, from, to, 0);
  hard_links_forget(&copy.links);
  /* To whom it has been given since, it belongs. */
  if (result == 0 && is_ours(volume)) result = copy_metadata(from, to, image);
  return result;
}

int copy_tree_up(int from_path, int to_path) {
  int from = openat(from_path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = openat(to_path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;
  struct stat image, volume;
  if (from >= 0 && to >= 0 && fstat(from, &image) == 0 && fstat(to, &volume) == 0) {
    result = is_mount_point_only(from, &image) ? 0 : is_empty(to);
    if (lseek(from, 0, SEEK_SET) < 0) result = -1;
    if (result == 1) result = copy_into(from, to, &image, &volume);
  }
  int error = errno;
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  errno = error;
  return result < 0 ? -1 : 0;
}
