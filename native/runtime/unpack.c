#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "operations.h"
#include "remove.h"
#include "report.h"
#include "resolve.h"
#include "stream.h"
#include "travel-xattrs.h"
#include "view.h"

/* A directory gets its mode and its time when all of its entries are made. */
struct later {
  char *path;
  mode_t mode;
  struct timespec mtime;
};

struct unpack {
  const struct plan *plan;
  const struct view *view;
  const char *into;
  int top; /* `into`; with OP_CONFINED nothing else is ever resolved */
  bool confined, archive, owners, on_host;
  int parent; /* -1: none; of the last entry */
  char parent_path[PATH_MAX];
  struct later *later;
  size_t later_count, later_room;
  bool top_given;
  struct later top_later; /* without a path */
  uint64_t devices;
  char first_device[PATH_MAX];
};

/* As the user knows it. */
static const char *place_of(const struct unpack *unpack, const char *path) {
  static char place[2 * PATH_MAX];
  size_t length = strlen(unpack->into);
  while (length > 0 && unpack->into[length - 1] == '/') length--;
  snprintf(place, sizeof place, "%.*s/%s", (int)length, unpack->into, path);
  return place;
}

static _Noreturn void failed(const struct unpack *unpack, const char *path, const char *detail, const char *call) {
  fail("unpack", errno, place_of(unpack, path), detail, "%s", call);
}

static void check_path(const struct unpack *unpack, const char *path) {
  if (strlen(path) >= PATH_MAX) fail("unpack", ENAMETOOLONG, "", "", "open(%.60s...)", path);
  for (const char *at = path; *path != '\0' && at != NULL; at = strchr(at, '/')) {
    if (*at == '/') at++;
    size_t length = strcspn(at, "/");
    if (length == 0 || (length <= 2 && strncmp(at, "..", length) == 0)) fail("unpack", 0, place_of(unpack, path), "its path is not clean", "%s", "");
  }
}

/* Down from the top without following anything: what lies there may have been put there by an earlier copy from a container. */
static int walk_down(const struct unpack *unpack, const char *path) {
  int at = openat(unpack->top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char name[NAME_MAX + 1];
  while (at >= 0 && *path != '\0') {
    size_t length = strcspn(path, "/");
    if (length > NAME_MAX) {
      close(at);
      return errno = ENAMETOOLONG, -1;
    }
    memcpy(name, path, length), name[length] = '\0';
    path += length + (path[length] == '/');
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, below = openat(at, name, flags);
    if (below < 0 && errno == ENOENT && (mkdirat(at, name, 0755) == 0 || errno == EEXIST)) below = openat(at, name, flags);
    int error = errno;
    close(at);
    errno = error;
    at = below;
  }
  return at;
}

static int open_folder(const struct unpack *unpack, const char *path) {
  if (unpack->confined) return walk_down(unpack, path);
  int found = unpack->archive ? resolve_make(unpack->top, path, S_IFDIR | 0755, NULL) : resolve_make(unpack->view->root, place_of(unpack, path), S_IFDIR | 0755, NULL);
  if (found < 0) return -1;
  int fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = errno;
  close(found);
  errno = error;
  return fd;
}

static void refuse_system(const struct unpack *unpack, int fd, const char *path) {
  struct stat status;
  if (fstat(fd, &status) < 0) failed(unpack, path, "", "fstat()");
  if (view_is_system(unpack->view, fd, status.st_dev)) fail("unpack", EPERM, place_of(unpack, path), "it is not of the container but of the kernel or the runtime", "open()");
}

/* The directory that holds the entry; its name in there is returned. */
static const char *enter_parent(struct unpack *unpack, const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);
  const char *name = slash == NULL ? path : slash + 1;
  if (unpack->parent >= 0 && strlen(unpack->parent_path) == length && memcmp(unpack->parent_path, path, length) == 0) return name;
  if (unpack->parent >= 0) close(unpack->parent);
  memcpy(unpack->parent_path, path, length), unpack->parent_path[length] = '\0';
  unpack->parent = open_folder(unpack, unpack->parent_path);
  if (unpack->parent < 0) failed(unpack, unpack->parent_path, errno == ENOTDIR || errno == ELOOP ? "a directory is needed, and something else is there" : "", "open(O_DIRECTORY)");
  refuse_system(unpack, unpack->parent, unpack->parent_path);
  return name;
}

/*
 * Makes room for what is no directory. Docker's rule for copies: neither is a directory replaced by something else, nor the other way round. False:
 * it is a file that somebody has mounted, which can't go but may be written.
 */
static bool clear_way(const struct unpack *unpack, const struct entry *entry, const char *name) {
  struct stat status;
  if (fstatat(unpack->parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return true;
    failed(unpack, entry->path, "", "fstatat()");
  }
  if (S_ISDIR(status.st_mode) && !unpack->archive) fail("unpack", EISDIR, place_of(unpack, entry->path), "", "overwrite()");
  if (S_ISDIR(status.st_mode)) {
    if (remove_at(unpack->parent, name) < 0) failed(unpack, entry->path, "", "unlinkat()");
    return true;
  }
  if (unlinkat(unpack->parent, name, 0) == 0 || errno == ENOENT) return true;
  if (errno == EBUSY && entry->type == ENTRY_FILE && S_ISREG(status.st_mode)) return false;
  failed(unpack, entry->path, "", "unlinkat()");
}

static uint64_t kept_mode(const struct unpack *unpack, const struct entry *entry) {
  /* On the host the file is the caller's: what would make others his like is not his wish. */
  return unpack->on_host && !unpack->owners ? entry->mode & 01777 : entry->mode;
}

/* Without owners what is made inside is root's, and outside of the caller by itself. */
static int give(const struct unpack *unpack, const struct entry *entry, int fd, int parent, const char *name) {
  uid_t uid = unpack->owners ? (uid_t)entry->uid : 0;
  gid_t gid = unpack->owners ? (gid_t)entry->gid : 0;
  if (unpack->on_host && !unpack->owners) return 0;
  int result = fd >= 0 ? fchown(fd, uid, gid) : fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW);
  /* With a single id there is nobody to give it to. */
  bool single = unpack->plan->setgroups_deny || !unpack->owners;
  return result < 0 && single && (errno == EINVAL || errno == EPERM) ? 0 : result;
}

static void set_xattrs(const struct entry *entry, int fd) {
  for (size_t i = 0; i < entry->xattr_count; i++) {
    const struct xattr *xattr = &entry->xattrs[i];
    /* What may not be set there is not missed: cp(1) and Docker keep silent about it, too. */
    if (travel_may_set(xattr->name)) (void)!fsetxattr(fd, xattr->name, xattr->value, xattr->length, 0);
  }
}

static void remove_half(const struct unpack *unpack, const char *name, bool in_place) {
  int error = errno;
  if (!in_place) unlinkat(unpack->parent, name, 0);
  errno = error;
}

static void make_file(struct unpack *unpack, struct stream *stream, const struct entry *from) {
  char path[PATH_MAX];
  strcpy(path, from->path); /* its content overwrites the record */
  struct entry entry = *from;
  entry.path = path;
  const char *name = enter_parent(unpack, path);
  bool in_place = !clear_way(unpack, &entry, name);
  int fd = openat(unpack->parent, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | (in_place ? O_TRUNC : O_CREAT | O_EXCL), 0600);
  if (fd < 0) failed(unpack, path, "", "openat(O_CREAT)");
  struct timespec times[2] = {entry.mtime, entry.mtime};
  const char *call = NULL;
  if (stream_content(stream, entry.size, fd) < 0) call = "write()";
  else if (!in_place && give(unpack, &entry, fd, -1, NULL) < 0) call = "fchown()";
  else if (!in_place && fchmod(fd, (mode_t)kept_mode(unpack, &entry)) < 0) call = "fchmod()";
  if (call == NULL) set_xattrs(&entry, fd);
  if (call == NULL && !in_place && futimens(fd, times) < 0) call = "futimens()";
  /* Where a quota or a server has its say, it may be only now. */
  int error = errno;
  if (close(fd) < 0 && call == NULL) call = "close()", error = errno;
  if (call == NULL) return;
  errno = error;
  remove_half(unpack, name, in_place);
  failed(unpack, path, "", call);
}

static void finish_later(struct unpack *unpack, const struct entry *entry) {
  if (unpack->later_count == unpack->later_room) {
    unpack->later_room = unpack->later_room * 2 + 64;
    unpack->later = reallocarray(unpack->later, unpack->later_room, sizeof *unpack->later);
    if (unpack->later == NULL) failed(unpack, entry->path, "", "reallocarray()");
  }
  char *path = strdup(entry->path);
  if (path == NULL) failed(unpack, entry->path, "", "strdup()");
  unpack->later[unpack->later_count++] = (struct later){path, (mode_t)kept_mode(unpack, entry), entry->mtime};
}

/* Somebody else's, as the folder that a volume stands for may be, stays as it is. */
static void take_top(struct unpack *unpack, const struct entry *entry) {
  int fd = openat(unpack->top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) failed(unpack, "", "", "open(O_DIRECTORY)");
  if (give(unpack, entry, fd, -1, NULL) < 0 && errno != EPERM) failed(unpack, "", "", "fchown()");
  set_xattrs(entry, fd);
  close(fd);
  unpack->top_given = true;
  unpack->top_later = (struct later){.mode = (mode_t)kept_mode(unpack, entry), .mtime = entry->mtime};
}

static void make_directory(struct unpack *unpack, const struct entry *entry) {
  if (*entry->path == '\0') {
    if (unpack->plan->op_flags & OP_TOP) take_top(unpack, entry);
    return;
  }
  const char *name = enter_parent(unpack, entry->path);
  bool fresh = mkdirat(unpack->parent, name, 0700) == 0;
  if (!fresh && errno != EEXIST) failed(unpack, entry->path, "", "mkdirat()");
  int fd = openat(unpack->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && (errno == ENOTDIR || errno == ELOOP) && unpack->archive && unlinkat(unpack->parent, name, 0) == 0 && mkdirat(unpack->parent, name, 0700) == 0) {
    fresh = true;
    fd = openat(unpack->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) fail("unpack", ENOTDIR, place_of(unpack, entry->path), "", "overwrite()");
  if (fd < 0) failed(unpack, entry->path, "", "open(O_DIRECTORY)");
  refuse_system(unpack, fd, entry->path);
  if ((fresh || unpack->owners) && give(unpack, entry, fd, -1, NULL) < 0) failed(unpack, entry->path, "", "fchown()");
  set_xattrs(entry, fd);
  close(fd);
  finish_later(unpack, entry);
}

/* What has no descriptor to work with: links, fifos, devices. */
static void finish_at(const struct unpack *unpack, const struct entry *entry, const char *name) {
  struct timespec times[2] = {entry->mtime, entry->mtime};
  if (give(unpack, entry, -1, unpack->parent, name) < 0) failed(unpack, entry->path, "", "fchownat()");
  if (entry->type != ENTRY_SYMLINK && fchmodat(unpack->parent, name, (mode_t)kept_mode(unpack, entry), 0) < 0) failed(unpack, entry->path, "", "fchmodat()");
  if (utimensat(unpack->parent, name, times, AT_SYMLINK_NOFOLLOW) < 0) failed(unpack, entry->path, "", "utimensat()");
}

static void make_hard_link(struct unpack *unpack, const struct entry *entry) {
  check_path(unpack, entry->link);
  const char *slash = strrchr(entry->link, '/'), *target = slash == NULL ? entry->link : slash + 1;
  char folder[PATH_MAX];
  size_t length = slash == NULL ? 0 : (size_t)(slash - entry->link);
  memcpy(folder, entry->link, length), folder[length] = '\0';
  const char *name = enter_parent(unpack, entry->path);
  int from = open_folder(unpack, folder);
  if (from < 0) failed(unpack, entry->link, "", "open(what it links to)");
  struct stat old, now;
  bool same = fstatat(from, target, &old, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(unpack->parent, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
              old.st_dev == now.st_dev && old.st_ino == now.st_ino;
  if (!same && !clear_way(unpack, entry, name)) failed(unpack, entry->path, "", "unlinkat()");
  if (!same && linkat(from, target, unpack->parent, name, 0) < 0) failed(unpack, entry->path, errno == ENOENT ? "what it links to is not there" : "", "linkat()");
  close(from);
}

static void make_other(struct unpack *unpack, const struct entry *entry) {
  const char *name = enter_parent(unpack, entry->path);
  if (!clear_way(unpack, entry, name)) failed(unpack, entry->path, "", "unlinkat()");
  mode_t type = entry->type == ENTRY_CHAR ? S_IFCHR : entry->type == ENTRY_BLOCK ? S_IFBLK : S_IFIFO;
  int made = entry->type == ENTRY_SYMLINK ? symlinkat(entry->link, unpack->parent, name)
                                          : mknodat(unpack->parent, name, type | 0600, makedev(entry->major, entry->minor));
  if (made < 0 && errno == EPERM && type != S_IFIFO && entry->type != ENTRY_SYMLINK) {
    if (unpack->devices++ == 0) snprintf(unpack->first_device, sizeof unpack->first_device, "%s", entry->path);
    return;
  }
  if (made < 0) failed(unpack, entry->path, "", entry->type == ENTRY_SYMLINK ? "symlinkat()" : "mknodat()");
  finish_at(unpack, entry, name);
}

static void make_entry(struct unpack *unpack, struct stream *stream, const struct entry *entry) {
  check_path(unpack, entry->path);
  /* Some archives have such a thing; tar(1) and Docker pass it over. */
  if (*entry->path == '\0' && entry->type != ENTRY_DIRECTORY && unpack->archive && entry->size == 0) return;
  if (*entry->path == '\0' && entry->type != ENTRY_DIRECTORY) fail("unpack", 0, unpack->into, "the directory itself can't be anything else", "%s", "");
  switch ((enum entry_type)entry->type) {
    case ENTRY_FILE: return make_file(unpack, stream, entry);
    case ENTRY_DIRECTORY: return make_directory(unpack, entry);
    case ENTRY_HARDLINK: return make_hard_link(unpack, entry);
    case ENTRY_SYMLINK:
    case ENTRY_CHAR:
    case ENTRY_BLOCK:
    case ENTRY_FIFO: return make_other(unpack, entry);
    default: fail("unpack", 0, place_of(unpack, entry->path), "it is of an unknown type", "%s", "");
  }
}

/* From below: a mode may close the way to others. A directory that is somebody else's was there before, and stays as it was. */
static void finish_directories(struct unpack *unpack) {
  while (unpack->later_count > 0) {
    struct later *later = &unpack->later[--unpack->later_count];
    struct timespec times[2] = {later->mtime, later->mtime};
    const char *name = enter_parent(unpack, later->path);
    int fd = openat(unpack->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, later->mode) < 0 && errno != EPERM) failed(unpack, later->path, "", "fchmod()");
    if (fd >= 0) (void)!futimens(fd, times);
    if (fd >= 0) close(fd);
    free(later->path);
  }
  if (!unpack->top_given) return;
  struct timespec times[2] = {unpack->top_later.mtime, unpack->top_later.mtime};
  int fd = openat(unpack->top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || (fchmod(fd, unpack->top_later.mode) < 0 && errno != EPERM)) failed(unpack, "", "", "fchmod()");
  (void)!futimens(fd, times);
  close(fd);
}

static int open_top(const struct unpack *unpack) {
  int found = resolve(unpack->view->root, unpack->into, O_PATH | O_DIRECTORY);
  if (found < 0) fail("unpack", errno, unpack->into, "", "open(%s)", unpack->into);
  refuse_system(unpack, found, "");
  return found;
}

struct totals op_unpack(const struct plan *plan, const struct view *view) {
  static struct stream stream;
  static struct unpack unpack;
  struct entry entry;
  struct totals totals = {0};
  if (plan->op_paths.count != 1) fail("plan", EINVAL, "", "an unpack has one path", "%s", "");
  unpack = (struct unpack){
      .plan = plan,
      .view = view,
      .into = plan->op_paths.at[0],
      .confined = (plan->op_flags & OP_CONFINED) != 0,
      .archive = (plan->op_flags & OP_ARCHIVE) != 0,
      .owners = (plan->op_flags & OP_OWNERS) != 0,
      .on_host = plan->view == VIEW_HOST,
      .parent = -1,
  };
  unpack.top = open_top(&unpack);
  stream_open(&stream, "unpack");
  while (stream_next(&stream, &entry)) {
    totals.entries++;
    if (entry.type == ENTRY_FILE) totals.bytes += entry.size;
    make_entry(&unpack, &stream, &entry);
    stream_forget(&stream);
  }
  finish_directories(&unpack);
  if (unpack.devices > 0) warn_of("unpack", 0, place_of(&unpack, unpack.first_device), unpack.devices == 1 ? "this device file was left out: only root can make it" : "this and other device files were left out: only root can make them", "%s", "");
  return totals;
}
