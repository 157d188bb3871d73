#include "entry-xattrs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static void count_lost(struct layer *layer, const struct entry *entry, const char *name) {
  if (layer->xattrs.count++ == 0) snprintf(layer->xattrs.first, sizeof layer->xattrs.first, "%s of %s", name, entry->path);
}

static void set(struct layer *layer, const struct entry *entry, int fd, const char *name, const void *value, size_t length) {
  if (fsetxattr(fd, name, value, length, 0) == 0) return;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EINVAL && errno != ERANGE) entry_failed(entry, "fsetxattr()");
  count_lost(layer, entry, name);
}

void entry_set_xattrs(struct layer *layer, const struct entry *entry, int fd) {
  for (size_t i = 0; i < entry->xattr_count; i++) {
    const struct xattr *xattr = &entry->xattrs[i];
    const char *name = xattr->name;
    /* trusted.* is root's alone, and nobody without root misses it. */
    if (starts_with(name, "trusted.") || starts_with(name, "user.fuseoverlayfs.") || strcmp(name, OWNER_XATTR) == 0) continue;
    char escaped[XATTR_NAME_MAX + 1];
    if (starts_with(name, "user.overlay.")) {
      int length = snprintf(escaped, sizeof escaped, "user.overlay.overlay.%s", name + strlen("user.overlay."));
      if (length >= (int)sizeof escaped) continue;
      name = escaped;
    }
    set(layer, entry, fd, name, xattr->value, xattr->length);
  }
  if (layer->single_id && (entry->uid != 0 || entry->gid != 0)) {
    char owner[64];
    int length = snprintf(owner, sizeof owner, "%llu:%llu:0%o", (unsigned long long)entry->uid, (unsigned long long)entry->gid, entry->mode);
    fsetxattr(fd, OWNER_XATTR, owner, (size_t)length, 0); /* a file system without them loses it: nothing depends on it */
  }
}
