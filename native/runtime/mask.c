#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "filesystem.h"
#include "mountapi.h"
#include "mounts.h"
#include "report.h"
#include "resolve.h"
#include "tree.h"

#define EMPTY "mode=755,nr_inodes=1"
#define MASK_ATTRIBUTES (ATTRIBUTE_RDONLY | ATTRIBUTE_NOSUID | ATTRIBUTE_NODEV | ATTRIBUTE_NOEXEC)

/* -1: not there, nothing to hide. */
static int open_existing(const struct mount_step *step, int root) {
  int fd = resolve(root, step->target, O_PATH);
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) fail("mount", errno, step->target, "", "openat2(%s, RESOLVE_IN_ROOT)", step->target);
  return fd;
}

static void attach(const struct mount_step *step, int tree, int target, int root, uint64_t attributes) {
  int there = tree_attach(tree, target, root, step->target);
  if (there < 0) fail("mount", errno, step->target, mount_reason(errno), "move_mount(%s)", step->target);
  if (tree_change(there, attributes, MS_PRIVATE, false) < 0) fail("mount", errno, step->target, "", "mount_setattr(%s)", step->target);
  if (there != tree) close(there);
}

/* The host's /dev/null and never the image's, which may be a link to anything (CVE-2025-31133). */
static void hide_file(const struct mount_step *step, int target, int root) {
  int null = tree_clone(AT_FDCWD, "/dev/null", false);
  struct stat status;
  if (null < 0 || fstat(null, &status) < 0) fail("mount", errno, step->target, "", "open_tree(/dev/null)");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) fail("mount", ENODEV, step->target, "the host's /dev/null is not the null device", "fstat(/dev/null)");
  attach(step, null, target, root, ATTRIBUTE_RDONLY | ATTRIBUTE_NOSUID | ATTRIBUTE_NOEXEC);
  close(null);
}

static void hide_directory(const struct mount_step *step, int target, int root) {
  /* One empty tmpfs is cloned for all: a new one each time costs three times as much. */
  static int empty = -1;
  if (empty >= 0) {
    int clone = tree_clone(empty, "", false);
    if (clone < 0) fail("mount", errno, step->target, mount_reason(errno), "open_tree(tmpfs)");
    attach(step, clone, target, root, 0);
    close(clone);
    return;
  }
  struct kernel_words words;
  empty = filesystem_new("tmpfs", EMPTY, MASK_ATTRIBUTES, &words);
  if (empty < 0 && errno == ENOSYS && mount("tmpfs", fd_path(target).text, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, EMPTY) == 0) return;
  if (empty < 0) fail("mount", errno, step->target, words.text, "mount(tmpfs, %s)", step->target);
  attach(step, empty, target, root, 0);
}

void mount_mask(const struct mount_step *step, int root) {
  int target = open_existing(step, root);
  if (target < 0) return;
  struct stat status;
  if (fstat(target, &status) < 0) fail("mount", errno, step->target, "", "fstat(%s)", step->target);
  if (S_ISDIR(status.st_mode)) hide_directory(step, target, root);
  else hide_file(step, target, root);
  close(target);
}

/* With what is mounted below it, which keeps its own state (runc), since a user namespace may not leave that out. */
void mount_readonly(const struct mount_step *step, int root) {
  int target = open_existing(step, root);
  if (target < 0) return;
  int tree = tree_clone(target, "", true);
  if (tree < 0) fail("mount", errno, step->target, mount_reason(errno), "open_tree(%s)", step->target);
  attach(step, tree, target, root, ATTRIBUTE_RDONLY);
  close(tree);
  close(target);
}
