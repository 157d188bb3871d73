#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "operations.h"
#include "pack.h"
#include "records.h"
#include "report.h"
#include "resolve.h"
#include "view.h"

#define SYSTEM_FILE "it is not of the container but of the kernel or the runtime"

struct walk {
  const struct view *view;
  struct pack pack;
};

static void walk_directory(struct walk *walk, int fd, const struct stat *status);

static bool is_other(const struct view *view, dev_t device) { return view->one_file_system && device != view->device; }

/* What vanishes meanwhile was never there; what becomes something else is taken for gone. Nothing is followed. */
static void walk_entry(struct walk *walk, int directory, const char *name) {
  struct pack *pack = &walk->pack;
  struct stat status;
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return;
    pack_failed(pack, "fstatat()");
  }
  if (!S_ISDIR(status.st_mode)) {
    if (!is_other(walk->view, status.st_dev)) pack_file(pack, directory, name, &status);
    return;
  }
  int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return;
  if (fd < 0 || fstat(fd, &status) < 0) pack_failed(pack, "open(O_DIRECTORY)");
  walk_directory(walk, fd, &status);
}

/* Closes it. What is mounted from the kernel, and is passed over, is an empty directory. */
static void walk_directory(struct walk *walk, int fd, const struct stat *status) {
  struct pack *pack = &walk->pack;
  pack_directory(pack, fd, status);
  if (!is_other(walk->view, status->st_dev) && !view_is_system(walk->view, fd, status->st_dev)) {
    struct names names = {0};
    if (names_read(&names, fd) < 0) pack_failed(pack, "readdir()");
    names_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
      size_t before = pack_enter(pack, names.at[i]);
      walk_entry(walk, fd, names.at[i]);
      pack_leave(pack, before);
    }
    names_forget(&names);
  }
  close(fd);
}

static _Noreturn void not_found(const char *path) { fail("pack", errno, path, "", "open(%s)", path); }

static void refuse_system(const struct view *view, int fd, const struct stat *status, const char *path) {
  if (view_is_system(view, fd, status->st_dev)) fail("pack", EPERM, path, SYSTEM_FILE, "open(%s)", path);
}

static void pack_tree(struct walk *walk, const char *path) {
  int fd = resolve(walk->view->root, path, O_RDONLY | O_DIRECTORY);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0) not_found(path);
  refuse_system(walk->view, fd, &status, path);
  walk_directory(walk, fd, &status);
}

/* A file is packed by its directory and its name, which nothing is followed from. */
static void pack_one(struct walk *walk, const char *path) {
  char name[NAME_MAX + 1];
  int parent = resolve_parent(walk->view->root, path, false, name);
  struct stat status, above;
  if (parent < 0) not_found(path);
  int folder = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) not_found(path);
  int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) not_found(path);
  refuse_system(walk->view, fd, &status, path);
  /* A device is bound there from elsewhere. */
  if (fstat(folder, &above) == 0) refuse_system(walk->view, folder, &above, path);
  close(fd);
  if (!pack_file(&walk->pack, folder, name, &status)) fail("pack", S_ISSOCK(status.st_mode) ? ENOTSUP : ENOENT, path, S_ISSOCK(status.st_mode) ? "it is a socket, which can't be copied" : "", "open(%s)", path);
  close(folder);
  close(parent);
}

/* A link at the end of the path, followed as far as it leads. The last name is then one that is no link. */
static void pack_followed(struct walk *walk, const char *path) {
  struct stat status;
  int fd = resolve(walk->view->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &status) < 0) not_found(path);
  refuse_system(walk->view, fd, &status, path);
  if (!S_ISREG(status.st_mode)) fail("pack", ENOTSUP, path, "it is neither a file nor a directory", "open(%s)", path);
  pack_opened(&walk->pack, fd, &status);
}

static bool is_directory(const struct view *view, const char *path, bool follow) {
  struct stat status;
  int fd = resolve(view->root, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  if (fd < 0 || fstat(fd, &status) < 0) not_found(path);
  close(fd);
  return S_ISDIR(status.st_mode);
}

struct totals op_pack(const struct plan *plan, const struct view *view) {
  static struct walk walk;
  if (plan->op_paths.count != 2) fail("plan", EINVAL, "", "a pack has a path and a name", "%s", "");
  const char *path = plan->op_paths.at[0];
  bool follow = (plan->op_flags & OP_FOLLOW) != 0;
  walk.view = view;
  pack_open(&walk.pack, plan);
  pack_enter(&walk.pack, plan->op_paths.at[1]);
  if (is_directory(view, path, follow)) pack_tree(&walk, path);
  else if (follow) pack_followed(&walk, path);
  else pack_one(&walk, path);
  pack_close(&walk.pack);
  return (struct totals){.entries = walk.pack.totals.entries, .bytes = (walk.pack.blocks + 2) * 512};
}

static uint64_t type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return ENTRY_DIRECTORY;
    case S_IFLNK: return ENTRY_SYMLINK;
    case S_IFCHR: return ENTRY_CHAR;
    case S_IFBLK: return ENTRY_BLOCK;
    case S_IFIFO: return ENTRY_FIFO;
    default: return ENTRY_FILE;
  }
}

static void tell(const struct stat *status, const char *link) {
  char record[PATH_MAX + 256];
  struct writer writer;
  record_begin(&writer, record, sizeof record, STATUS_FOUND);
  record_u(&writer, status == NULL ? 0 : type_of(status->st_mode));
  record_u(&writer, status == NULL ? 0 : status->st_mode & 07777);
  record_u(&writer, status == NULL ? 0 : (uint64_t)status->st_size);
  record_u(&writer, status == NULL ? 0 : (uint64_t)status->st_mtim.tv_sec);
  record_s(&writer, link, PATH_MAX);
  report_send(FD_STATUS, record, record_end(&writer));
}

static void stat_one(const struct view *view, const char *path, bool follow) {
  struct stat status;
  char text[PATH_MAX] = "";
  int fd = resolve(view->root, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  if (fd < 0 && follow && errno == ENOENT) fd = resolve(view->root, path, O_PATH | O_NOFOLLOW);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return tell(NULL, "");
  if (fd < 0 || fstat(fd, &status) < 0) not_found(path);
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlinkat(fd, "", text, sizeof text - 1);
    if (length < 0) not_found(path);
    text[length] = '\0';
  }
  close(fd);
  tell(&status, text);
}

struct totals op_stat(const struct plan *plan, const struct view *view) {
  if ((plan->op_flags & OP_SYNC) != 0) view_sync(view);
  for (size_t i = 0; i < plan->op_paths.count; i++) stat_one(view, plan->op_paths.at[i], (plan->op_flags & OP_FOLLOW) != 0);
  return (struct totals){.entries = plan->op_paths.count};
}
