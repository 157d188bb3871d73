#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "durable.h"
#include "keep.h"
#include "lower.h"
#include "names.h"
#include "operations.h"
#include "pack.h"
#include "report.h"
#include "travel-xattrs.h"
#include "view.h"
#include "whiteout.h"

/*
 * What a container has changed: the upper directory of its overlay, or (OP_MERGED) a whole tree compared with the layers below.
 * A directory that is there only as the way to something, or to what the runtime mounts, is held back until something below it is told.
 */
struct changes {
  const struct plan *plan;
  bool merged, whiteout_files, names;
  bool keep; /* the directory becomes the layer: keep.h */
  struct pack pack;
  uint64_t unsayable; /* names that a layer would take for whiteouts */
  char first_unsayable[PATH_MAX];
};

struct frame {
  struct frame *above;
  int fd;
  struct stat status;
  struct lower lower;
  size_t path_length;
  bool pending, in_lower;
  bool opaque; /* hides what the layers below have */
  bool whiteouts; /* has some that were told */
  bool touched;   /* something was removed from it here */
  bool hidden; /* is opaque, or below one that is: nothing shows through, names of the layers are only told as deleted */
};

static void walk(struct changes *changes, struct frame *frame);

static void tell_directory(struct changes *changes, struct frame *frame) {
  frame->pending = false;
  if (changes->names) return pack_change(&changes->pack, frame->in_lower ? CHANGE_CHANGED : CHANGE_ADDED);
  pack_directory(&changes->pack, frame->fd, &frame->status);
  if (frame->opaque) pack_mark(&changes->pack, ENTRY_OPAQUE);
}

/* Those above come first. */
static void tell_way(struct changes *changes, struct frame *frame) {
  if (frame == NULL || !frame->pending) return;
  struct pack *pack = &changes->pack;
  char held;
  tell_way(changes, frame->above);
  size_t length = pack->path_length;
  held = pack->path[frame->path_length];
  pack->path[frame->path_length] = '\0', pack->path_length = frame->path_length;
  tell_directory(changes, frame);
  pack->path[frame->path_length] = held, pack->path_length = length;
}

static bool is_own(const struct changes *changes) {
  for (size_t i = 0; i < changes->plan->op_own.count; i++) {
    if (strcmp(changes->plan->op_own.at[i] + 1, changes->pack.path) == 0) return true;
  }
  return false;
}

/* Whether the path leads to, or is, what the runtime mounts. */
static bool leads_to_own(const struct changes *changes) {
  const struct pack *pack = &changes->pack;
  for (size_t i = 0; i < changes->plan->op_own.count; i++) {
    const char *own = changes->plan->op_own.at[i] + 1;
    if (pack->path_length == 0) return true;
    if (strncmp(own, pack->path, pack->path_length) == 0 && (own[pack->path_length] == '/' || own[pack->path_length] == '\0')) return true;
  }
  return false;
}

static bool same_owner(const struct stat *a, const struct stat *b) { return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid; }

static bool same_time(const struct stat *a, const struct stat *b) {
  return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_link(int one, int other, const char *name) {
  char first[PATH_MAX], second[PATH_MAX];
  ssize_t length = readlinkat(one, name, first, sizeof first);
  return length >= 0 && readlinkat(other, name, second, sizeof second) == length && memcmp(first, second, (size_t)length) == 0;
}

static bool same_attributes(int one, int other, const char *name) {
  int first = openat(one, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), second = openat(other, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  bool same = first >= 0 && second >= 0 && travel_same(first, second);
  if (first >= 0) close(first);
  if (second >= 0) close(second);
  return same;
}

/* As Docker tells them apart: content is not read where size and time are the same. */
static bool same_file(const struct frame *frame, int layer, const char *name, const struct stat *here, const struct stat *there) {
  if (!same_owner(here, there)) return false;
  switch (here->st_mode & S_IFMT) {
    case S_IFREG: return here->st_size == there->st_size && same_time(here, there) && same_attributes(frame->fd, frame->lower.fds[layer], name);
    case S_IFLNK: return same_link(frame->fd, frame->lower.fds[layer], name);
    case S_IFCHR:
    case S_IFBLK: return here->st_rdev == there->st_rdev;
    default: return true;
  }
}

static void tell_deleted(struct changes *changes, struct frame *frame) {
  frame->whiteouts = true;
  tell_way(changes, frame);
  if (changes->names) pack_change(&changes->pack, CHANGE_DELETED);
  else pack_mark(&changes->pack, ENTRY_WHITEOUT);
}

static bool directory_is_opaque(int fd) {
  char value;
  return opaque_is(fd) || (fgetxattr(fd, "user.fuseoverlayfs.opaque", &value, 1) == 1 && value == 'y');
}

/* What the layer does not tell is not in it. */
static void leave_out(struct changes *changes, struct frame *frame, const char *name, int flags) {
  if (!changes->keep) return;
  if (unlinkat(frame->fd, name, flags) < 0) {
    if (flags != 0 && (errno == ENOTEMPTY || errno == EEXIST)) return;
    pack_failed(&changes->pack, "unlinkat()");
  }
  frame->touched = true;
}

/* Closes it, whose content is as it is to be. */
static void settle(struct changes *changes, struct frame *frame) {
  struct timespec times[2] = {frame->status.st_atim, frame->status.st_mtim};
  if (!changes->keep) {
    close(frame->fd);
    return;
  }
  if (keep_directory(frame->fd, frame->opaque, frame->whiteouts) < 0) pack_failed(&changes->pack, "fsetxattr()");
  if (frame->touched && futimens(frame->fd, times) < 0) pack_failed(&changes->pack, "futimens()");
  if (durable_take(changes->pack.durable, frame->fd) < 0) pack_failed(&changes->pack, "close()");
}

static void visit_directory(struct changes *changes, struct frame *above, const char *name, int layer, const struct stat *lower_status) {
  struct pack *pack = &changes->pack;
  struct frame frame = {.above = above, .path_length = pack->path_length, .in_lower = layer >= 0};
  frame.fd = openat(above->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (frame.fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return;
  if (frame.fd < 0 || fstat(frame.fd, &frame.status) < 0) pack_failed(pack, "open(O_DIRECTORY)");
  bool over_directory = layer >= 0 && S_ISDIR(lower_status->st_mode), to_own = leads_to_own(changes);
  frame.opaque = !changes->merged && directory_is_opaque(frame.fd) && over_directory;
  frame.hidden = frame.opaque || above->hidden;
  if (lower_enter(&above->lower, name, &frame.lower) < 0) pack_failed(pack, "open(the layers below)");
  if (frame.hidden && !changes->names) lower_leave(&frame.lower);
  bool unchanged = over_directory && !frame.hidden && same_owner(&frame.status, lower_status) && (to_own || same_time(&frame.status, lower_status)) &&
                   same_attributes(above->fd, above->lower.fds[layer], name);
  frame.pending = unchanged || (layer < 0 && to_own);
  if (!frame.pending) {
    tell_way(changes, above);
    tell_directory(changes, &frame);
  }
  walk(changes, &frame);
  lower_leave(&frame.lower);
  bool told = !frame.pending;
  settle(changes, &frame);
  if (!told) leave_out(changes, above, name, AT_REMOVEDIR);
}

static void count_unsayable(struct changes *changes) {
  if (changes->unsayable++ == 0) strcpy(changes->first_unsayable, changes->pack.path);
}

static void visit_file(struct changes *changes, struct frame *frame, const char *name, const struct stat *status, int layer, const struct stat *lower_status) {
  if (changes->merged && layer >= 0 && same_file(frame, layer, name, status, lower_status)) return;
  /* Made as a place to mount something on, or a link of the runtime's. */
  bool made = (S_ISREG(status->st_mode) && status->st_size == 0) || S_ISLNK(status->st_mode);
  if (layer < 0 && made && is_own(changes)) return leave_out(changes, frame, name, 0);
  if (!changes->names && strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0) {
    count_unsayable(changes);
    return leave_out(changes, frame, name, 0);
  }
  if (S_ISSOCK(status->st_mode) && !changes->names) return leave_out(changes, frame, name, 0);
  tell_way(changes, frame);
  if (changes->names) pack_change(&changes->pack, layer >= 0 ? CHANGE_CHANGED : CHANGE_ADDED);
  else pack_file(&changes->pack, frame->fd, name, status);
}

/* fuse-overlayfs' other way to say that something is gone. */
static void visit_whiteout_file(struct changes *changes, struct frame *frame, const char *name, size_t before) {
  struct stat status;
  const char *hidden = name + strlen(WHITEOUT_PREFIX);
  if (strcmp(name, OPAQUE_FILE) == 0 || fstatat(frame->fd, hidden, &status, AT_SYMLINK_NOFOLLOW) == 0) return;
  pack_leave(&changes->pack, before);
  pack_enter(&changes->pack, hidden);
  if (lower_find(&frame->lower, hidden, &status) >= 0) tell_deleted(changes, frame);
}

static void visit(struct changes *changes, struct frame *frame, const char *name, size_t before) {
  struct stat status, below;
  int layer = lower_find(&frame->lower, name, &below);
  bool here = fstatat(frame->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!here && errno != ENOENT) pack_failed(&changes->pack, "fstatat()");
  /* A mark of a layer, where the kernel would not let it be a device. */
  if (!here && strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0) return;
  if (!here || (!changes->merged && whiteout_is(&status))) {
    if (layer >= 0) tell_deleted(changes, frame);
    else if (here) leave_out(changes, frame, name, 0);
    return;
  }
  bool mark = strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0 && changes->whiteout_files;
  if (mark && S_ISREG(status.st_mode)) visit_whiteout_file(changes, frame, name, before);
  else if (S_ISDIR(status.st_mode)) visit_directory(changes, frame, name, layer, &below);
  else visit_file(changes, frame, name, &status, layer, &below);
}

static void walk(struct changes *changes, struct frame *frame) {
  struct names names = {0};
  if (names_read(&names, frame->fd) < 0) pack_failed(&changes->pack, "readdir()");
  if ((changes->merged || frame->hidden) && lower_names(&frame->lower, &names) < 0) pack_failed(&changes->pack, "readdir(the layers below)");
  names_sort(&names);
  for (size_t i = 0; i < names.count; i++) {
    size_t before = pack_enter(&changes->pack, names.at[i]);
    visit(changes, frame, names.at[i], before);
    pack_leave(&changes->pack, before);
  }
  names_forget(&names);
}

/* The directory itself is told only where its owner, mode or attributes were changed, and never as a name. */
static void visit_root(struct changes *changes, struct frame *root) {
  struct stat below;
  bool unchanged = root->lower.count > 0 && fstat(root->lower.fds[0], &below) == 0 && same_owner(&root->status, &below) && travel_same(root->fd, root->lower.fds[0]);
  if (!unchanged && !changes->names && root->lower.count > 0) tell_directory(changes, root);
}

struct totals op_changes(const struct plan *plan, const struct view *view) {
  static struct changes changes;
  static struct durable durable;
  struct frame root = {.in_lower = true, .fd = openat(view->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  changes = (struct changes){
      .plan = plan,
      .merged = (plan->op_flags & OP_MERGED) != 0,
      .whiteout_files = (plan->op_flags & OP_WHITEOUT_FILES) != 0,
      .names = (plan->op_flags & OP_NAMES) != 0,
      .keep = (plan->op_flags & OP_KEEP) != 0,
  };
  pack_open(&changes.pack, plan);
  if (changes.keep) changes.pack.durable = &durable;
  if (root.fd < 0 || fstat(root.fd, &root.status) < 0) pack_failed(&changes.pack, "open(O_DIRECTORY)");
  if (lower_open(&root.lower, plan) < 0) fail("pack", errno, plan->lower.at[root.lower.count], "", "open(O_DIRECTORY)");
  visit_root(&changes, &root);
  walk(&changes, &root);
  pack_close(&changes.pack);
  if (changes.keep) {
    int top = openat(view->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    settle(&changes, &root);
    if (top < 0 || durable_sync(&durable, top) < 0) fail("pack", errno, "", "", "fsync()");
  }
  if (changes.unsayable > 0) warn_of("pack", 0, changes.first_unsayable, "a file of this name can't be in a layer, where it would hide another: it was left out", "%s", "");
  return changes.pack.totals;
}
