#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mounts.h"
#include "report.h"
#include "rootfs.h"
#include "tree.h"

static const char *reason(int error) {
  switch (error) {
    case EPERM: return "the kernel lets no user namespace mount overlayfs (Linux 5.11 and newer do)";
    case ENODEV: return "the kernel has no overlayfs";
    case EINVAL: case EOPNOTSUPP: case EREMOTE: return "overlayfs can't use the file system that the layers or the container's changes are on, or knows not these options (dmesg says which)";
    case ELOOP: return "the layers lie inside each other";
    case EBUSY: return "another mount uses the same folder for its changes";
    default: return mount_reason(error);
  }
}

/* Without an upper directory the kernel wants two layers: the empty mount point serves as the lowest. */
static bool needs_another(const struct plan *plan, const struct rootfs_parts *parts) { return parts->upper < 0 && plan->lower.count == 1; }

/*
 * mount(2) takes one page of options, and the kernel 500 layers. From /proc/self/fd as working directory, "12" is a layer: they fit, need no
 * escapes, and the container learns no path of the host. (fsconfig's "lowerdir+" is of Linux 6.7, and older ones complain of it in dmesg.)
 */
static int describe(const struct plan *plan, const struct rootfs_parts *parts, char *data, size_t size) {
  size_t at = (size_t)snprintf(data, size, "userxattr,lowerdir=");
  for (size_t i = 0; i < plan->lower.count && at < size; i++) at += (size_t)snprintf(data + at, size - at, i == 0 ? "%d" : ":%d", parts->lower[i]);
  if (at < size && needs_another(plan, parts)) at += (size_t)snprintf(data + at, size - at, ":%d", parts->merged);
  if (at < size && parts->upper >= 0) at += (size_t)snprintf(data + at, size - at, ",upperdir=%d,workdir=%d", parts->upper, parts->work);
  if (at < size && *plan->rootfs_options != '\0') at += (size_t)snprintf(data + at, size - at, ",%s", plan->rootfs_options);
  return at < size ? 0 : -1;
}

void overlay_mount(const struct plan *plan, const struct rootfs_parts *parts) {
  char data[4096];
  if (plan->lower.count == 0) fail("rootfs", EINVAL, plan->merged, "it has no layers", "mount(overlay)");
  if (plan->lower.count > 500 || describe(plan, parts, data, sizeof data) < 0) fail("rootfs", E2BIG, plan->merged, "overlayfs takes 500 layers at most, and one page of options", "mount(overlay, %zu layers)", plan->lower.count);
  if (chdir("/proc/self/fd") < 0) fail("rootfs", errno, "/proc/self/fd", "", "chdir(/proc/self/fd)");
  if (mount("overlay", fd_path(parts->merged).text, "overlay", 0, data) < 0) {
    fail("rootfs", errno, plan->merged, reason(errno), "mount(overlay, %zu layers)", plan->lower.count);
  }
  if (chdir("/") < 0) fail("rootfs", errno, "/", "", "chdir(/)");
  for (size_t i = 0; i < plan->lower.count; i++) close(parts->lower[i]);
}
