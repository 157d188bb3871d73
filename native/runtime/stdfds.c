#include "stdfds.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "report.h"

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
