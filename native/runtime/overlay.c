#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "filesystem.h"
#include "mountapi.h"
#include "mounts.h"
#include "report.h"
#include "rootfs.h"
#include "tree.h"

static const char *reason(int error) {
  switch (error) {
    case EPERM: return "the kernel lets no user namespace mount overlayfs (Linux 5.11 and newer do)";
    case ENODEV: return "the kernel has no overlayfs";
    case EINVAL: case EOPNOTSUPP: case EREMOTE: return "overlayfs can't use the file system that the layers, or the container's changes, are on (dmesg says more)";
    case ELOOP: return "the layers lie inside each other";
    case EBUSY: return "another mount uses the same folder for its changes";
    default: return mount_reason(error);
  }
}

/* Without an upper directory the kernel wants two layers: the empty mount point serves as the lowest. */
static bool needs_another(const struct plan *plan, const struct rootfs_parts *parts) { return parts->upper < 0 && plan->lower.count == 1; }

/* Linux 6.7, which has "lowerdir+": no limit but its own 500 layers. Descriptors, since a value has 255 bytes at most. */
static int by_context(const struct plan *plan, const struct rootfs_parts *parts, struct kernel_words *words) {
  int context = filesystem_begin("overlay", plan->rootfs_options, words);
  if (context < 0) return -1;
  int result = filesystem_set(context, "userxattr", NULL, words);
  for (size_t i = 0; result == 0 && i < plan->lower.count; i++) result = filesystem_set(context, "lowerdir+", fd_path(parts->lower[i]).text, words);
  if (result == 0 && needs_another(plan, parts)) result = filesystem_set(context, "lowerdir+", fd_path(parts->merged).text, words);
  if (result == 0 && parts->upper >= 0) {
    result = filesystem_set(context, "upperdir", fd_path(parts->upper).text, words);
    if (result == 0) result = filesystem_set(context, "workdir", fd_path(parts->work).text, words);
  }
  if (result < 0) {
    int error = errno;
    close(context);
    errno = error;
    return -1;
  }
  return filesystem_create(context, 0, words);
}

/* mount(2) takes one page of options: from /proc/self/fd as working directory, "12" is a layer, and 500 of them fit. */
static int by_mount(const struct plan *plan, const struct rootfs_parts *parts) {
  char data[4096];
  size_t at = (size_t)snprintf(data, sizeof data, "userxattr,lowerdir=");
  for (size_t i = 0; i < plan->lower.count && at < sizeof data; i++) at += (size_t)snprintf(data + at, sizeof data - at, i == 0 ? "%d" : ":%d", parts->lower[i]);
  if (at < sizeof data && needs_another(plan, parts)) at += (size_t)snprintf(data + at, sizeof data - at, ":%d", parts->merged);
  if (at < sizeof data && parts->upper >= 0) at += (size_t)snprintf(data + at, sizeof data - at, ",upperdir=%d,workdir=%d", parts->upper, parts->work);
  if (at < sizeof data && *plan->rootfs_options != '\0') at += (size_t)snprintf(data + at, sizeof data - at, ",%s", plan->rootfs_options);
  if (at >= sizeof data) return errno = E2BIG, -1;
  if (chdir("/proc/self/fd") < 0) return -1;
  int result = mount("overlay", fd_path(parts->merged).text, "overlay", 0, data), error = errno;
  if (chdir("/") < 0) return -1;
  errno = error;
  return result;
}

void overlay_mount(const struct plan *plan, const struct rootfs_parts *parts) {
  struct kernel_words words = {""};
  int mount = by_context(plan, parts, &words);
  if (mount >= 0) {
    if (move_mount_to(mount, parts->merged) < 0) fail("rootfs", errno, plan->merged, reason(errno), "move_mount(overlay, %s)", plan->merged);
    close(mount);
  } else if ((errno != EINVAL && errno != ENOSYS) || by_mount(plan, parts) < 0) {
    /* The older kernel's complaint about "lowerdir+" is not what went wrong. */
    bool said = *words.text != '\0' && strstr(words.text, "lowerdir+") == NULL;
    fail("rootfs", errno, plan->merged, said ? words.text : reason(errno), "mount(overlay, %zu layers)", plan->lower.count);
  }
  for (size_t i = 0; i < plan->lower.count; i++) close(parts->lower[i]);
}
