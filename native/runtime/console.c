#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mounts.h"
#include "report.h"
#include "resolve.h"
#include "sync.h"
#include "tree.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int open_master(int root) {
  struct statfs system;
  struct stat status;
  int folder = resolve(root, "/dev/pts", O_PATH | O_DIRECTORY);
  if (folder < 0 || fstatfs(folder, &system) < 0) fail("mount", errno, "/dev/pts", "a terminal needs a devpts there", "open(/dev/pts)");
  if (system.f_type != DEVPTS_SUPER_MAGIC) fail("mount", ENODEV, "/dev/pts", "a terminal needs a devpts there", "fstatfs(/dev/pts)");
  int master = openat(folder, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
  if (master < 0 || fstat(master, &status) < 0) fail("mount", errno, "/dev/pts/ptmx", errno == ENOSPC ? "no more terminals are allowed (sysctl kernel.pty.max)" : "", "open(/dev/pts/ptmx)");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(5, 2)) fail("mount", ENODEV, "/dev/pts/ptmx", "it is not the master of terminals", "fstat(/dev/pts/ptmx)");
  close(folder);
  return master;
}

static int open_target(int root) {
  char name[NAME_MAX + 1];
  int folder = resolve_parent(root, "/dev/console", true, name);
  if (folder < 0) fail("mount", errno, "/dev/console", mount_reason(errno), "openat2(/dev, RESOLVE_IN_ROOT)");
  int made = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made < 0 && errno != EEXIST) fail("mount", errno, "/dev/console", mount_reason(errno), "open(/dev/console, O_CREAT)");
  if (made >= 0) close(made);
  int target = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat status;
  if (target < 0 || fstat(target, &status) < 0) fail("mount", errno, "/dev/console", "", "open(/dev/console, O_PATH)");
  if (S_ISLNK(status.st_mode)) fail("mount", ELOOP, "/dev/console", "it is a symbolic link", "open(/dev/console, O_NOFOLLOW)");
  close(folder);
  return target;
}

static void mount_console(int root, int slave) {
  int target = open_target(root), tree = tree_clone(slave, "", false);
  if (tree < 0) fail("mount", errno, "/dev/console", mount_reason(errno), "open_tree(pty)");
  int there = tree_attach(tree, target, root, "/dev/console");
  if (there < 0) fail("mount", errno, "/dev/console", mount_reason(errno), "move_mount(pty, /dev/console)");
  if (there != tree) close(there);
  close(tree);
  close(target);
}

int console_open(const struct plan *plan, int root, int sync, uid_t user, bool at_console) {
  int master = open_master(root), locked = 0;
  if (ioctl(master, TIOCSPTLCK, &locked) < 0) fail("mount", errno, "/dev/pts", "", "ioctl(TIOCSPTLCK)");
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) fail("mount", errno, "/dev/pts", "", "ioctl(TIOCGPTPEER)");
  if (plan->rows > 0 && plan->columns > 0) {
    struct winsize size = {.ws_row = (unsigned short)plan->rows, .ws_col = (unsigned short)plan->columns};
    ioctl(master, TIOCSWINSZ, &size);
  }
  /* An id that is not mapped can't be the user's either, which the change to it will say better. */
  if (fchown(slave, user, (gid_t)-1) < 0 && errno != EINVAL) fail("mount", errno, "/dev/pts", "", "fchown(pty, %u)", user);
  if (fchmod(slave, 0620) < 0) fail("mount", errno, "/dev/pts", "", "fchmod(pty)");
  if (at_console) mount_console(root, slave);
  sync_send(sync, SYNC_CONSOLE, master, "mount");
  close(master);
  return slave;
}
