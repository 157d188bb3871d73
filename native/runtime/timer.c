#include "timer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "report.h"

static void on_time(struct watch *watch, uint32_t events) {
  (void)events;
  struct timer *timer = (struct timer *)watch;
  loop_close(watch);
  timer->due(timer);
}

void timer_start(struct timer *timer, uint64_t milliseconds) {
  timer_stop(timer);
  /* All zeros would disarm it. */
  if (milliseconds == 0) milliseconds = 1;
  struct itimerspec time = {.it_value = {.tv_sec = (time_t)(milliseconds / 1000), .tv_nsec = (long)(milliseconds % 1000 * 1000000)}};
  timer->watch = (struct watch){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), .ready = on_time};
  if (timer->watch.fd < 0 || timerfd_settime(timer->watch.fd, 0, &time, NULL) < 0) fail("namespace", errno, "", "", "timerfd_settime()");
  loop_want(&timer->watch, EPOLLIN);
}

void timer_stop(struct timer *timer) { loop_close(&timer->watch); }

uint64_t milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
