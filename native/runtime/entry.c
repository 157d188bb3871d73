#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "beneath.h"
#include "entry-xattrs.h"
#include "remove.h"
#include "report.h"
#include "whiteout.h"

void entry_failed(const struct entry *entry, const char *call) { fail("apply", errno, entry->path, "", "%s", call); }

static _Noreturn void refused(const struct entry *entry, const char *why) { fail("apply", 0, entry->path, why, "%s", ""); }

/* The launcher has cleaned the path; nothing here depends on its having done so. */
static void check_path(const struct entry *entry, const char *path) {
  if (strlen(path) >= PATH_MAX) refused(entry, "its path is too long");
  for (const char *at = path; *path != '\0' && at != NULL; at = strchr(at, '/')) {
    if (*at == '/') at++;
    size_t length = strcspn(at, "/");
    if (length == 0 || (length <= 2 && strncmp(at, "..", length) == 0)) refused(entry, "its path is not clean");
    if (strncmp(at, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0) refused(entry, "its name would be taken for a whiteout");
  }
}

static void leave_parent(struct layer *layer) {
  if (layer->parent.fd < 0) return;
  if (futimens(layer->parent.fd, layer->parent.times) < 0) fail("apply", errno, layer->parent.path, "", "futimens()");
  if (durable_take(&layer->durable, layer->parent.fd) < 0) fail("apply", errno, layer->parent.path, "", "close()");
  layer->parent.fd = -1;
}

void entry_finish_layer(struct layer *layer) {
  leave_parent(layer);
  if (durable_sync(&layer->durable, layer->root) < 0) fail("apply", errno, "", "", layer->durable.many ? "syncfs()" : "fsync()");
}

/* The directory that holds the entry, and the entry's name in it. */
static const char *enter_parent(struct layer *layer, const struct entry *entry) {
  const char *slash = strrchr(entry->path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - entry->path);
  const char *name = slash == NULL ? entry->path : slash + 1;
  if (layer->parent.fd >= 0 && strlen(layer->parent.path) == length && memcmp(layer->parent.path, entry->path, length) == 0) return name;
  leave_parent(layer);
  memcpy(layer->parent.path, entry->path, length);
  layer->parent.path[length] = '\0';
  int fd = beneath_directory(layer->root, layer->parent.path, true);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0) entry_failed(entry, "openat2(its directory)");
  layer->parent.fd = fd;
  layer->parent.setgid = (status.st_mode & S_ISGID) != 0;
  layer->parent.times[0] = status.st_atim;
  layer->parent.times[1] = status.st_mtim;
  return name;
}

/* Makes room for an entry that replaces another. The parent may have been what goes. */
static void clear_way(struct layer *layer, const struct entry *entry, const char *name) {
  if (remove_at(layer->parent.fd, name) < 0) fail("apply", errno, entry->path, "", "unlinkat(%s)", remove_subject());
}

static bool is_mapped(const struct id_maps *maps, uint64_t id) {
  for (size_t i = 0; i < maps->count; i++) {
    if (id >= maps->at[i].container && id - maps->at[i].container < maps->at[i].size) return true;
  }
  return false;
}

static void check_owner(const struct layer *layer, const struct entry *entry) {
  char id[32];
  bool uid_known = is_mapped(&layer->plan->uid_maps, entry->uid);
  if (uid_known && is_mapped(&layer->plan->gid_maps, entry->gid)) return;
  snprintf(id, sizeof id, uid_known ? "gid %llu" : "uid %llu", (unsigned long long)(uid_known ? entry->gid : entry->uid));
  fail("apply", EINVAL, entry->path, id, "chown(%llu, %llu)", (unsigned long long)entry->uid, (unsigned long long)entry->gid);
}

/* Whether what was just made belongs to somebody else already than the entry says. */
static bool needs_owner(const struct layer *layer, const struct entry *entry) {
  return !layer->single_id && (entry->uid != 0 || entry->gid != 0 || layer->parent.setgid);
}

/* What is given away loses setuid and capabilities: owner first, then mode, then attributes. */
static void finish(struct layer *layer, const struct entry *entry, int fd, bool give, bool set_mode) {
  if (give) {
    check_owner(layer, entry);
    if (fchown(fd, (uid_t)entry->uid, (gid_t)entry->gid) < 0) entry_failed(entry, "fchown()");
    if ((entry->mode & 06000) != 0) set_mode = true;
  }
  if (set_mode && fchmod(fd, entry->mode) < 0) entry_failed(entry, "fchmod()");
  entry_set_xattrs(layer, entry, fd);
  struct timespec times[2] = {entry->mtime, entry->mtime};
  if (futimens(fd, times) < 0) entry_failed(entry, "futimens()");
}

int entry_begin_file(struct layer *layer, const struct entry *entry) {
  check_path(entry, entry->path);
  if (*entry->path == '\0') refused(entry, "the layer itself can't be a file");
  const char *name = enter_parent(layer, entry);
  for (;;) {
    int fd = openat(layer->parent.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, entry->mode & 0777);
    if (fd >= 0) return fd;
    if (errno != EEXIST) entry_failed(entry, "openat(O_CREAT)");
    clear_way(layer, entry, name);
  }
}

void entry_finish_file(struct layer *layer, const struct entry *entry, int fd) {
  finish(layer, entry, fd, needs_owner(layer, entry), (entry->mode & 07000) != 0);
  /* Where a quota or a server has its say, it may be only now. */
  if (durable_take(&layer->durable, fd) < 0) entry_failed(entry, "close()");
}

/*
 * Opens the directory, made unless it is there. One that comes in place of something else hides what the layers below have there,
 * as that other thing did.
 */
static int open_directory(struct layer *layer, const struct entry *entry, mode_t mode, bool *fresh) {
  check_path(entry, entry->path);
  *fresh = false;
  if (*entry->path == '\0') {
    leave_parent(layer);
    return beneath_directory(layer->root, "", false);
  }
  const char *name = enter_parent(layer, entry);
  for (bool replaced = false;; replaced = true) {
    *fresh = mkdirat(layer->parent.fd, name, mode) == 0;
    if (!*fresh && errno != EEXIST) entry_failed(entry, "mkdirat()");
    int fd = openat(layer->parent.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && replaced && opaque_mark(fd) < 0) entry_failed(entry, "setxattr(" OPAQUE_XATTR ")");
    if (fd >= 0) return fd;
    if (*fresh || (errno != ENOTDIR && errno != ELOOP)) entry_failed(entry, "openat(O_DIRECTORY)");
    clear_way(layer, entry, name);
  }
}

static void make_directory(struct layer *layer, const struct entry *entry) {
  bool fresh;
  int fd = open_directory(layer, entry, entry->mode & 01777, &fresh);
  if (fd < 0) entry_failed(entry, "openat()");
  /* mkdir knows no setuid and setgid, and hands the parent's setgid on. */
  bool plain = fresh && (entry->mode & 06000) == 0 && !layer->parent.setgid;
  finish(layer, entry, fd, fresh ? needs_owner(layer, entry) : !layer->single_id, !plain);
  close(fd);
}

static void make_opaque(struct layer *layer, const struct entry *entry) {
  bool fresh;
  int fd = open_directory(layer, entry, 0755, &fresh);
  if (fd < 0) entry_failed(entry, "openat()");
  if (opaque_mark(fd) < 0) entry_failed(entry, "setxattr(" OPAQUE_XATTR ")");
  close(fd);
}

/* What has no descriptor to work with: links, fifos. */
static void finish_at(struct layer *layer, const struct entry *entry, const char *name, bool set_mode) {
  int parent = layer->parent.fd;
  if (needs_owner(layer, entry)) {
    check_owner(layer, entry);
    if (fchownat(parent, name, (uid_t)entry->uid, (gid_t)entry->gid, AT_SYMLINK_NOFOLLOW) < 0) entry_failed(entry, "fchownat()");
  }
  if (set_mode && fchmodat(parent, name, entry->mode, 0) < 0) entry_failed(entry, "fchmodat()");
  struct timespec times[2] = {entry->mtime, entry->mtime};
  if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0) entry_failed(entry, "utimensat()");
}

static void make_symlink(struct layer *layer, const struct entry *entry) {
  const char *name = enter_parent(layer, entry);
  while (symlinkat(entry->link, layer->parent.fd, name) < 0) {
    if (errno != EEXIST) entry_failed(entry, "symlinkat()");
    clear_way(layer, entry, name);
  }
  finish_at(layer, entry, name, false);
}

static void make_fifo(struct layer *layer, const struct entry *entry) {
  const char *name = enter_parent(layer, entry);
  while (mkfifoat(layer->parent.fd, name, 0600) < 0) {
    if (errno != EEXIST) entry_failed(entry, "mkfifoat()");
    clear_way(layer, entry, name);
  }
  finish_at(layer, entry, name, true);
}

/* To an entry of this layer, itself and never what it points to. */
static void make_hard_link(struct layer *layer, const struct entry *entry) {
  check_path(entry, entry->link);
  if (*entry->link == '\0') refused(entry, "it links to the layer itself");
  const char *name = enter_parent(layer, entry), *slash = strrchr(entry->link, '/');
  char directory[PATH_MAX];
  size_t length = slash == NULL ? 0 : (size_t)(slash - entry->link);
  memcpy(directory, entry->link, length);
  directory[length] = '\0';
  const char *target = slash == NULL ? entry->link : slash + 1;
  int from = beneath_directory(layer->root, directory, false);
  struct stat old, now;
  if (from < 0 || fstatat(from, target, &old, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT || errno == ENOTDIR) fail("apply", 0, entry->path, "it links to what is not in the layer", "%s", "");
    entry_failed(entry, "openat2(what it links to)");
  }
  while (linkat(from, target, layer->parent.fd, name, 0) < 0) {
    if (errno != EEXIST) entry_failed(entry, "linkat()");
    if (fstatat(layer->parent.fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == old.st_dev && now.st_ino == old.st_ino) break;
    clear_way(layer, entry, name);
  }
  close(from);
}

static void count_device(struct layer *layer, const struct entry *entry) {
  /* A container's /dev is the runtime's: nobody misses what an image has there. */
  if (strncmp(entry->path, "dev/", 4) == 0) return;
  if (layer->devices.count++ == 0) snprintf(layer->devices.first, sizeof layer->devices.first, "%s", entry->path);
}

/* A user can't make devices: there is none then, as with Docker and podman without root. */
static void make_device(struct layer *layer, const struct entry *entry) {
  const char *name = enter_parent(layer, entry);
  bool whiteout = entry->type == ENTRY_CHAR && entry->major == 0 && entry->minor == 0;
  mode_t type = entry->type == ENTRY_CHAR ? S_IFCHR : S_IFBLK;
  while ((whiteout ? whiteout_make(layer->parent.fd, name) : mknodat(layer->parent.fd, name, type | 0600, makedev(entry->major, entry->minor))) < 0) {
    if (errno == EPERM && !whiteout) return count_device(layer, entry);
    if (errno != EEXIST) entry_failed(entry, "mknodat()");
    clear_way(layer, entry, name);
  }
  if (!whiteout) finish_at(layer, entry, name, true);
}

/* Hides what the layers below have. What this layer itself has stays (OCI image-spec, layer.md); a directory of it begins empty. */
static void make_whiteout(struct layer *layer, const struct entry *entry) {
  const char *name = enter_parent(layer, entry);
  if (whiteout_make(layer->parent.fd, name) == 0) return;
  if (errno != EEXIST) entry_failed(entry, "mknodat(whiteout)");
  int fd = openat(layer->parent.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  if (opaque_mark(fd) < 0) entry_failed(entry, "setxattr(" OPAQUE_XATTR ")");
  close(fd);
}

void entry_make(struct layer *layer, const struct entry *entry) {
  check_path(entry, entry->path);
  bool directory = entry->type == ENTRY_DIRECTORY || entry->type == ENTRY_OPAQUE;
  if (*entry->path == '\0' && !directory) refused(entry, "the layer itself can only be a directory");
  switch ((enum entry_type)entry->type) {
    case ENTRY_DIRECTORY: make_directory(layer, entry); break;
    case ENTRY_SYMLINK: make_symlink(layer, entry); break;
    case ENTRY_HARDLINK: make_hard_link(layer, entry); break;
    case ENTRY_CHAR:
    case ENTRY_BLOCK: make_device(layer, entry); break;
    case ENTRY_FIFO: make_fifo(layer, entry); break;
    case ENTRY_WHITEOUT: make_whiteout(layer, entry); break;
    case ENTRY_OPAQUE: make_opaque(layer, entry); break;
    default: refused(entry, "it is of an unknown type");
  }
}
