#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mounts.h"
#include "overlay.h"
#include "report.h"
#include "rootfs.h"
#include "tree.h"

const char *overlay_reason(int error) {
  switch (error) {
    case EPERM: return "the kernel lets no user namespace mount overlayfs (Linux 5.11 and newer do)";
    case ENODEV: return "the kernel has no overlayfs";
    case EINVAL: case EOPNOTSUPP: case EREMOTE: return "overlayfs can't use the file system that the layers or the container's changes are on, or knows not these options (dmesg says which)";
    case ELOOP: return "the layers lie inside each other";
    case EBUSY: return "another mount uses the same folder for its changes";
    case E2BIG: return "overlayfs takes 500 layers at most, and one page of options";
    default: return mount_reason(error);
  }
}

/*
 * mount(2) takes one page of options, and the kernel 500 layers. From /proc/self/fd as working directory, "12" is a layer: they fit, need no
 * escapes, and the container learns no path of the host. (fsconfig's "lowerdir+" is of Linux 6.7, and older ones complain of it in dmesg.)
 */
static int describe(const struct overlay *overlay, char *data, size_t size) {
  size_t at = (size_t)snprintf(data, size, "userxattr,lowerdir=");
  for (size_t i = 0; i < overlay->count && at < size; i++) at += (size_t)snprintf(data + at, size - at, i == 0 ? "%d" : ":%d", overlay->lower[i]);
  if (at < size && overlay->last >= 0) at += (size_t)snprintf(data + at, size - at, ":%d", overlay->last);
  if (at < size && overlay->upper >= 0) at += (size_t)snprintf(data + at, size - at, ",upperdir=%d,workdir=%d", overlay->upper, overlay->work);
  if (at < size && *overlay->options != '\0') at += (size_t)snprintf(data + at, size - at, ",%s", overlay->options);
  return at < size ? 0 : -1;
}

int overlay_mount_on(const struct overlay *overlay, int point) {
  char data[4096];
  if (overlay->count == 0) return errno = EINVAL, -1;
  if (overlay->count > 500 || describe(overlay, data, sizeof data) < 0) return errno = E2BIG, -1;
  if (chdir("/proc/self/fd") < 0) fail("rootfs", errno, "/proc/self/fd", "", "chdir(/proc/self/fd)");
  int result = mount("overlay", fd_path(point).text, "overlay", 0, data), error = errno;
  if (chdir("/") < 0) fail("rootfs", errno, "/", "", "chdir(/)");
  return errno = error, result;
}

void overlay_mount(const struct plan *plan, const struct rootfs_parts *parts) {
  if (plan->lower.count == 0) fail("rootfs", EINVAL, plan->merged, "it has no layers", "mount(overlay)");
  struct overlay overlay = {
    .lower = parts->lower, .count = plan->lower.count, .upper = parts->upper, .work = parts->work, .options = plan->rootfs_options,
    /* Without an upper directory the kernel wants two layers: the empty mount point serves as the lowest. */
    .last = parts->upper < 0 && plan->lower.count == 1 ? parts->merged : -1,
  };
  if (overlay_mount_on(&overlay, parts->merged) < 0) fail("rootfs", errno, plan->merged, overlay_reason(errno), "mount(overlay, %zu layers)", plan->lower.count);
  for (size_t i = 0; i < plan->lower.count; i++) close(parts->lower[i]);
}
