#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "operations.h"
#include "report.h"
#include "whiteout.h"

static int open_layer(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("probe", errno, path, "", "open(O_DIRECTORY)");
  return fd;
}

static void make_file(int directory, const char *name) {
  int fd = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, "x", 1) != 1) fail("probe", errno, name, "", "openat(%s, O_CREAT)", name);
  close(fd);
}

/* Two layers, the upper of which hides a file and the content of a directory of the lower. */
static void fill_layers(const struct plan *plan) {
  if (plan->lower.count != 2) fail("plan", EINVAL, "", "a probe has two layers", "%s", "");
  int top = open_layer(plan->lower.at[0]), bottom = open_layer(plan->lower.at[1]);
  make_file(bottom, "kept");
  make_file(bottom, "hidden");
  if (mkdirat(bottom, "opaque", 0755) < 0 || mkdirat(top, "opaque", 0755) < 0) fail("probe", errno, "opaque", "", "mkdirat()");
  int lower = openat(bottom, "opaque", O_RDONLY | O_DIRECTORY | O_CLOEXEC), upper = openat(top, "opaque", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lower < 0 || upper < 0) fail("probe", errno, "opaque", "", "openat()");
  make_file(lower, "hidden");
  if (whiteout_make(top, "hidden") < 0) fail("probe", errno, "hidden", "", "mknodat(whiteout)");
  if (opaque_mark(upper) < 0) fail("probe", errno, "opaque", "", "setxattr(" OPAQUE_XATTR ")");
}

static void expect(int root, const char *name, bool there) {
  if ((faccessat(root, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) == there) return;
  fail("probe", there ? errno : 0, name, there ? "it is not to be seen" : "it should be hidden by a whiteout", "access(%s)", name);
}

/* Everything goes with this process's mount namespace, or is in the folders of the plan, which the launcher removes. */
struct totals op_probe(const struct plan *plan) {
  fill_layers(plan);
  int mounted = rootfs_mount(plan), root = openat(mounted, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail("probe", errno, plan->merged, "", "openat(.)");
  expect(root, "kept", true);
  expect(root, "hidden", false);
  expect(root, "opaque/hidden", false);
  make_file(root, "new");
  if (fchownat(root, "new", 0, 0, 0) < 0 || fchmodat(root, "new", 04755, 0) < 0) fail("probe", errno, "new", "", "chmod(new)");
  if (renameat(root, "new", root, "opaque/new") < 0) fail("probe", errno, "new", "", "rename(new, opaque/new)");
  /* Out of a layer: copies it up and leaves a whiteout. */
  if (renameat(root, "kept", root, "moved") < 0) fail("probe", errno, "kept", "", "rename(kept, moved)");
  expect(root, "kept", false);
  expect(root, "moved", true);
  if (unlinkat(root, "moved", 0) < 0 || mkdirat(root, "moved", 0755) < 0) fail("probe", errno, "moved", "", "mkdir(moved)");
  return (struct totals){0};
}
