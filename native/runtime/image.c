#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mounts.h"
#include "overlay.h"
#include "report.h"
#include "resolve.h"
#include "tree.h"

static _Noreturn void not_there(const struct mount_step *step, const char *path) {
  fail("mount", errno, path, errno == EMFILE ? "your limit of open files is too low for so many layers (ulimit -Hn)" : "", "open(%s), for %s", path, step->target);
}

static int open_folder(const struct mount_step *step, const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) not_there(step, path);
  return fd;
}

static const char *part(const struct mount_step *step, const char *name) {
  static char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", step->source, name) >= (int)sizeof path) fail("mount", ENAMETOOLONG, step->target, "", "open(%s)", name);
  return path;
}

/*
 * Mounted at a place of ours and taken from there, so that a part of it can be had, and a file as well. That place is in this mount namespace
 * only; in a container it goes with the host's tree.
 */
int overlay_open_image(const struct mount_step *step) {
  int *lower = calloc(step->lower.count + 1, sizeof *lower), writable = (step->flags & MOUNT_UPPER) != 0;
  if (lower == NULL) fail("mount", ENOMEM, step->target, "", "calloc()");
  for (size_t i = 0; i < step->lower.count; i++) lower[i] = open_folder(step, step->lower.at[i]);
  int point = open_folder(step, part(step, "point"));
  struct overlay overlay = {.lower = lower, .count = step->lower.count, .last = point, .upper = -1, .work = -1, .options = ""};
  if (writable) overlay.upper = open_folder(step, part(step, "upper")), overlay.work = open_folder(step, part(step, "work"));
  if (overlay_mount_on(&overlay, point) < 0) fail("mount", errno, step->target, overlay_reason(errno), "mount(overlay, %zu layers)", step->lower.count);
  int top = open_folder(step, part(step, "point")), below = *step->data == '\0' ? top : resolve(top, step->data, O_PATH);
  if (below < 0) fail("mount", errno, step->data, "", "openat2(image, %s)", step->data);
  int tree = tree_clone(below, "", false);
  if (tree < 0) fail("mount", errno, step->target, mount_reason(errno), "open_tree(%s)", step->target);
  for (size_t i = 0; i < step->lower.count; i++) close(lower[i]);
  free(lower);
  close(point);
  if (writable) close(overlay.upper), close(overlay.work);
  if (below != top) close(below);
  close(top);
  return tree;
}
