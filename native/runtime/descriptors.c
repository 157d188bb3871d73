#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "protocol.h"

/* Those that are open, as /proc has them: a limit of open files may be a million. Read without opendir, which allocates. */
static bool close_listed(unsigned first, unsigned last) {
  _Alignas(struct dirent64) char entries[4096];
  struct statfs system;
  int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  /* After the pivot an image may have something else there. */
  if (fstatfs(folder, &system) < 0 || system.f_type != PROC_SUPER_MAGIC) {
    close(folder);
    return false;
  }
  for (long length; (length = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < length;) {
      const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
      unsigned fd = (unsigned)strtoul(entry->d_name, NULL, 10);
      if (entry->d_name[0] != '.' && fd >= first && fd <= last && fd != (unsigned)folder) close((int)fd);
      at += entry->d_reclen;
    }
  }
  close(folder);
  return true;
}

static void close_between(unsigned first, unsigned last) {
  if (syscall(SYS_close_range, first, last, 0) == 0) return;
  /* Before Linux 5.9. */
  if (close_listed(first, last)) return;
  struct rlimit limit;
  unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 65536 ? (unsigned)limit.rlim_max : 65536;
  for (unsigned fd = first; fd <= last && fd < end; fd++) close((int)fd);
}

/* The lowest one above `fd` that is kept, or -1. */
static int next_kept(int fd, const int *keep, size_t count, size_t given) {
  int first = fd < FD_GIVEN ? FD_GIVEN : fd + 1, next = first < FD_GIVEN + (int)given ? first : -1;
  for (size_t i = 0; i < count; i++) {
    if (keep[i] > fd && (next < 0 || keep[i] < next)) next = keep[i];
  }
  return next;
}

void descriptors_close_but(int first, const int *keep, size_t count, size_t given) {
  int last = first - 1;
  for (int fd = next_kept(last, keep, count, given); fd >= 0; fd = next_kept(fd, keep, count, given)) {
    if (fd > last + 1) close_between((unsigned)last + 1, (unsigned)fd - 1);
    last = fd;
  }
  close_between((unsigned)last + 1, UINT_MAX);
}
