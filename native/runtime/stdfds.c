#include "stdfds.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "protocol.h"
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

void stdfds_give(size_t count) {
  /* Upwards: what lies where another one belongs has got its own place by then. */
  for (int i = 0; i < (int)count; i++) {
    if (dup2(FD_GIVEN + i, 3 + i) < 0) fail("sandbox", errno, "", "", "dup2(%d, %d)", FD_GIVEN + i, 3 + i);
  }
}
