#include "loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "report.h"

static int set = -1;

void loop_open(void) {
  set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) fail("namespace", errno, "", "", "epoll_create1()");
}

void loop_want(struct watch *watch, uint32_t events) {
  if (watch->fd < 0 || watch->events == events) return;
  struct epoll_event event = {.events = events, .data.ptr = watch};
  int how = events == 0 ? EPOLL_CTL_DEL : watch->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(set, how, watch->fd, &event) < 0) fail("namespace", errno, "", "", "epoll_ctl(%d, %d)", how, watch->fd);
  watch->events = events;
}

void loop_close(struct watch *watch) {
  if (watch->fd < 0) return;
  loop_want(watch, 0);
  close(watch->fd);
  watch->fd = -1;
}

int loop_turn(int milliseconds) {
  struct epoll_event events[16];
  int count = epoll_wait(set, events, 16, milliseconds);
  if (count < 0 && errno != EINTR) fail("namespace", errno, "", "", "epoll_wait()");
  for (int i = 0; i < count; i++) {
    struct watch *watch = events[i].data.ptr;
    if (watch->events != 0) watch->ready(watch, events[i].events);
  }
  return count;
}
