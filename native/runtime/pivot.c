#include "pivot.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

/*
 * On machines that run from their initramfs, as diskless nodes do, "/" is the one mount that can't be pivoted away. The new root is moved
 * over it instead: out of that leads only an umount of "/", for which a container must have been given CAP_SYS_ADMIN.
 */
static void move_over(void) {
  if (mount(".", "/", NULL, MS_MOVE, NULL) < 0) fail("rootfs", errno, "/", "", "mount(., /, MS_MOVE)");
  if (chroot(".") < 0) fail("rootfs", errno, "/", "", "chroot(.)");
}

void pivot(int root) {
  if (fchdir(root) < 0) fail("rootfs", errno, "/", "", "fchdir(root)");
  /* The old root comes to lie on the new one, and is what "." names when it is unmounted: pivot_root(2). */
  if (syscall(SYS_pivot_root, ".", ".") == 0) {
    if (umount2(".", MNT_DETACH) < 0) fail("rootfs", errno, "/", "", "umount2(., MNT_DETACH)");
  } else if (errno == EINVAL) {
    move_over();
  } else {
    fail("rootfs", errno, "/", "", "pivot_root(., .)");
  }
  if (chdir("/") < 0) fail("rootfs", errno, "/", "", "chdir(/)");
}
