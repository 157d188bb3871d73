#include "descriptors.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_between(unsigned first, unsigned last) {
  if (syscall(SYS_close_range, first, last, 0) == 0) return;
  /* Before Linux 5.9. */
  struct rlimit limit;
  unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 65536 ? (unsigned)limit.rlim_max : 65536;
  for (unsigned fd = first; fd <= last && fd < end; fd++) close((int)fd);
}

/* The lowest one above `fd` that is kept, or -1. */
static int next_kept(int fd, const int *keep, size_t count) {
  int next = -1;
  for (size_t i = 0; i < count; i++) {
    if (keep[i] > fd && (next < 0 || keep[i] < next)) next = keep[i];
  }
  return next;
}

void descriptors_close_but(int first, const int *keep, size_t count) {
  int last = first - 1;
  for (int fd = next_kept(last, keep, count); fd >= 0; fd = next_kept(fd, keep, count)) {
    if (fd > last + 1) close_between((unsigned)last + 1, (unsigned)fd - 1);
    last = fd;
  }
  close_between((unsigned)last + 1, UINT_MAX);
}
