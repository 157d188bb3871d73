#include "stdfds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mountapi.h"
#include "report.h"

static void close_range_of(unsigned first, unsigned last) {
  if (first > last || syscall(NR_CLOSE_RANGE, first, last, 0) == 0) return;
  /* Before Linux 5.9. A limit may have been lowered since, but not by us. */
  struct rlimit limit;
  unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < 65536 ? (unsigned)limit.rlim_max : 65536;
  for (unsigned fd = first; fd <= last && fd < end; fd++) close((int)fd);
}

void stdfds_close(int first, int kept) {
  if (kept < first) return close_range_of((unsigned)first, ~0U);
  if (kept > first) close_range_of((unsigned)first, (unsigned)kept - 1);
  close_range_of((unsigned)kept + 1, ~0U);
}

void stdfds_place(const int stdio[3]) {
  int high[3];
  for (int i = 0; i < 3; i++) {
    high[i] = stdio[i] < 0 ? -1 : fcntl(stdio[i], F_DUPFD_CLOEXEC, 3);
    if (stdio[i] >= 0 && high[i] < 0) fail("sandbox", errno, "", "", "fcntl(%d, F_DUPFD)", stdio[i]);
  }
  for (int i = 0; i < 3; i++) {
    if (high[i] >= 0 && dup2(high[i], i) < 0) fail("sandbox", errno, "", "", "dup2(%d, %d)", high[i], i);
  }
}
