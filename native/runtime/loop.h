/* What the monitor waits for: one epoll set, a handler for each descriptor. */
#ifndef LICHEN_LOOP_H
#define LICHEN_LOOP_H

#include <stdint.h>

struct watch {
  int fd; /* -1: closed */
  void (*ready)(struct watch *watch, uint32_t events);
  uint32_t events; /* EPOLL* bits it waits for now; 0: it is not in the set, where EPOLLHUP would come again and again */
};

void loop_open(void);
/* Waits for these events from now on; 0: for none. */
void loop_want(struct watch *watch, uint32_t events);
/* Takes it out and closes its descriptor. Its memory must outlive the turn: events for it may be at hand already. */
void loop_close(struct watch *watch);
/* Waits, and calls the handlers of what is ready. -1: as long as it takes. 0 where nothing happened in that time. */
int loop_turn(int milliseconds);

#endif
