#include "moment.h"

#include <stdio.h>
#include <time.h>

void moment_now(char text[MOMENT_LENGTH + 1]) {
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  size_t length = strftime(text, MOMENT_LENGTH + 1, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + length, MOMENT_LENGTH + 1 - length, ".%09ldZ", now.tv_nsec);
}
