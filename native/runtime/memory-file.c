#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mountapi.h"
#include "mounts.h"
#include "report.h"
#include "resolve.h"
#include "tree.h"

static const char draft[] = ".lichen-content";

static bool is_memory(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

/* Nothing of it may come to lie on a disk: where the tmpfs is not, be it that the user has mounted something else there, nothing is written. */
static int open_memory(const struct mount_step *step, int root) {
  int fd = resolve(root, step->source, O_PATH | O_DIRECTORY);
  if (fd < 0) fail("mount", errno, step->source, "", "openat2(%s, RESOLVE_IN_ROOT)", step->source);
  if (!is_memory(fd)) fail("mount", EXDEV, step->source, "no tmpfs is mounted there", "fstatfs(%s)", step->source);
  return fd;
}

static void write_draft(const struct mount_step *step, int memory) {
  unsigned uid = 0, gid = 0;
  if (sscanf(step->data, "%u:%u", &uid, &gid) != 2) fail("plan", EINVAL, step->target, "", "content of %s", step->data);
  int fd = openat(memory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0) fail("mount", errno, step->target, "", "open(%s)", step->target);
  for (size_t done = 0; done < step->content_size;) {
    ssize_t count = write(fd, step->content + done, step->content_size - done);
    if (count < 0) fail("mount", errno, step->target, "", "write(%s, %zu)", step->target, step->content_size);
    done += (size_t)count;
  }
  if (fchown(fd, uid, gid) < 0) fail("mount", errno, step->target, errno == EINVAL ? "the container has no such id" : "", "chown(%s, %u, %u)", step->target, uid, gid);
  if (fchmod(fd, step->mode & 07777) < 0) fail("mount", errno, step->target, "", "chmod(%s)", step->target);
  close(fd);
}

/* Bound from there, and then its name is taken away. */
static void bind_draft(const struct mount_step *step, int memory, int root) {
  int tree = tree_clone(memory, draft, false);
  if (tree < 0) fail("mount", errno, step->target, "", "open_tree(%s)", step->target);
  int target = mount_open_target(step, root, S_IFREG | 0644, NULL);
  int there = tree_attach(tree, target, root, step->target);
  if (there < 0) fail("mount", errno, step->target, mount_reason(errno), "move_mount(%s)", step->target);
  if (tree_change(there, ATTRIBUTE_RDONLY | ATTRIBUTE_NOSUID | ATTRIBUTE_NODEV | ATTRIBUTE_NOEXEC, MS_PRIVATE, false) < 0) {
    fail("mount", errno, step->target, "", "mount_setattr(%s)", step->target);
  }
  if (unlinkat(memory, draft, 0) < 0) fail("mount", errno, step->target, "", "unlink(%s)", draft);
  if (there != tree) close(there);
  close(tree);
  close(target);
}

void mount_content(const struct mount_step *step, int root) {
  char name[NAME_MAX + 1];
  int memory = open_memory(step, root);
  write_draft(step, memory);
  struct stat own, other;
  size_t length = strlen(step->source);
  bool below = strncmp(step->target, step->source, length) == 0 && step->target[length] == '/';
  int folder = below ? resolve_parent(root, step->target, true, name) : -1;
  if (folder >= 0 && fstat(memory, &own) == 0 && fstat(folder, &other) == 0 && own.st_dev == other.st_dev) {
    if (renameat(memory, draft, folder, name) < 0) fail("mount", errno, step->target, "", "rename(%s)", step->target);
  } else bind_draft(step, memory, root);
  if (folder >= 0) close(folder);
  close(memory);
}
