#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "entry.h"
#include "operations.h"
#include "report.h"
#include "stream.h"

static void write_file(struct layer *layer, struct stream *stream, const struct entry *from) {
  /* The content follows the record, which is overwritten by it: the path is kept. */
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s", from->path) >= (int)sizeof path) fail("apply", ENAMETOOLONG, "", "", "open(%.60s...)", from->path);
  struct entry entry = *from;
  entry.path = path;
  int fd = entry_begin_file(layer, &entry);
  if (stream_content(stream, entry.size, fd) < 0) entry_failed(&entry, "write()");
  entry_finish_file(layer, &entry, fd);
}

static void tell_loss(const struct loss *loss, const char *what, const char *why) {
  if (loss->count == 0) return;
  char words[160];
  if (loss->count == 1) snprintf(words, sizeof words, "this %s was left out: %s", what, why);
  else snprintf(words, sizeof words, "this and %llu other %ss were left out: %s", (unsigned long long)loss->count - 1, what, why);
  warn_of("apply", 0, loss->first, words, "%s", "");
}

struct totals op_apply(const struct plan *plan, const int *paths) {
  struct layer layer = {
      .plan = plan,
      .root = paths[0],
      .single_id = plan->uid_maps.count == 1 && plan->uid_maps.at[0].size == 1,
      .parent.fd = -1,
  };
  static struct stream stream;
  struct entry entry;
  struct totals totals = {0};
  stream_open(&stream, "apply");
  /* A default ACL of a folder above would be handed down to every file. */
  if (fremovexattr(layer.root, "system.posix_acl_default") < 0 && errno != ENODATA && errno != EOPNOTSUPP) {
    fail("apply", errno, "", "", "fremovexattr(system.posix_acl_default)");
  }
  while (stream_next(&stream, &entry)) {
    totals.entries++;
    if (entry.type == ENTRY_FILE) {
      totals.bytes += entry.size;
      write_file(&layer, &stream, &entry);
    } else {
      entry_make(&layer, &entry);
    }
    stream_forget(&stream);
  }
  /* The layer is about to be renamed into place, where it must be whole after a power cut too. */
  entry_finish_layer(&layer);
  tell_loss(&layer.devices, "device file", "only root can make it");
  tell_loss(&layer.xattrs, "extended attribute", "the kernel or the file system does not let you set it");
  return totals;
}
