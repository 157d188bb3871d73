#include "sources.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounts.h"
#include "overlay.h"
#include "report.h"
#include "resolve.h"
#include "tree.h"

enum { NOT_OPENED = -2, MISSING = -1 };

static int *trees;

static int make_directories(const char *path) {
  char part[PATH_MAX];
  if (strlen(path) >= sizeof part) return errno = ENAMETOOLONG, -1;
  for (const char *end = path; end != NULL;) {
    end = strchr(end + 1, '/');
    size_t length = end == NULL ? strlen(path) : (size_t)(end - path);
    memcpy(part, path, length), part[length] = '\0';
    /* Docker's mode. What can't be made on the way is perhaps there already; the last one tells. */
    if (mkdir(part, 0755) < 0 && errno != EEXIST && end == NULL) return -1;
  }
  return 0;
}

/*
 * "/proc/N/root/..." is in another container, whose user namespace is ours by now: gives N and what is behind it, or 0. Out of its mount namespace
 * nothing can be taken but from inside of it; what is taken belongs to nobody and comes along.
 */
static long another_container(const char *source, const char **below) {
  char *rest;
  long pid = strncmp(source, "/proc/", 6) == 0 ? strtol(source + 6, &rest, 10) : 0;
  if (pid <= 0 || strncmp(rest, "/root/", 6) != 0) return 0;
  *below = rest + 5;
  return pid;
}

static int clone_inside(const char *source, bool recursive) {
  char path[64];
  const char *below;
  long pid = another_container(source, &below);
  if (pid == 0) return errno = EINVAL, -1;
  snprintf(path, sizeof path, "/proc/%ld/ns/mnt", pid);
  int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), other = open(path, O_RDONLY | O_CLOEXEC), tree = -1;
  if (own >= 0 && other >= 0 && setns(other, CLONE_NEWNS) == 0) {
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = resolve(root, below, O_PATH);
    if (fd >= 0) tree = tree_clone(fd, "", recursive);
    int error = errno;
    close(fd), close(root);
    if (setns(own, CLONE_NEWNS) < 0) fail("mount", errno, source, "", "setns(/proc/self/ns/mnt)");
    errno = error;
  }
  int error = errno;
  close(own), close(other);
  errno = error;
  return tree;
}

/* The path below is a stranger's to fill: it is resolved as if the source were "/", so that no link leads out of it. */
static int open_below(const struct mount_step *step, bool recursive) {
  int top = open(step->source, O_PATH | O_CLOEXEC), fd = top < 0 ? -1 : resolve(top, step->data, O_PATH);
  int tree = fd < 0 ? -1 : tree_clone(fd, "", recursive), error = errno;
  if (fd >= 0) close(fd);
  if (top >= 0) close(top);
  errno = error;
  return tree < 0 ? NOT_OPENED : tree;
}

static int open_source(const struct mount_step *step) {
  bool recursive = step->flags & MOUNT_RECURSIVE;
  const char *below;
  if (*step->data != '\0') return open_below(step, recursive);
  if (another_container(step->source, &below) != 0 && !tree_is_detached()) {
    fail("mount", ENOSYS, step->source, "before Linux 5.2 no mount can be taken from another container", "open_tree(%s)", step->source);
  }
  int tree = tree_clone(AT_FDCWD, step->source, recursive);
  if (tree < 0 && errno == EINVAL) tree = clone_inside(step->source, recursive);
  if (tree < 0 && errno == ENOENT && (step->flags & MOUNT_CREATE_SOURCE)) {
    tree = make_directories(step->source) < 0 ? -1 : tree_clone(AT_FDCWD, step->source, recursive);
  }
  if (tree >= 0) return tree;
  return (errno == ENOENT || errno == ENOTDIR) && (step->flags & MOUNT_OPTIONAL) ? MISSING : NOT_OPENED;
}

static _Noreturn void not_opened(const struct mount_step *step) {
  const char *detail = errno == EINVAL && !(step->flags & MOUNT_RECURSIVE)
                           ? "other file systems are mounted below it, and a user may bind it only together with them (rbind)"
                           : mount_reason(errno);
  if (*step->data != '\0' && errno == ENOENT) fail("mount", errno, step->data, "", "openat2(%s, %s)", step->source, step->data);
  fail("mount", errno, step->source, detail, "open_tree(%s)", step->source);
}

void sources_open(const struct plan *plan) {
  if (trees != NULL || plan->mounts.count == 0) return;
  int *opened = mmap(NULL, plan->mounts.count * sizeof *opened, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (opened == MAP_FAILED) return;
  for (size_t i = 0; i < plan->mounts.count; i++) opened[i] = plan->mounts.at[i].kind == MOUNT_BIND ? open_source(&plan->mounts.at[i]) : MISSING;
  trees = opened;
}

void sources_forget(void) { trees = NULL; }

int source_take(const struct plan *plan, size_t index) {
  const struct mount_step *step = &plan->mounts.at[index];
  /* By root of the container, in whose name overlayfs looks into the layers. */
  if (step->kind == MOUNT_IMAGE) return overlay_open_image(step);
  int tree = trees == NULL ? NOT_OPENED : trees[index];
  if (tree == NOT_OPENED) tree = open_source(step);
  if (tree == NOT_OPENED) not_opened(step);
  return tree;
}
