/* Moments that the loop waits for. */
#ifndef LICHEN_TIMER_H
#define LICHEN_TIMER_H

#include <stdint.h>

#include "loop.h"

struct timer {
  struct watch watch; /* first; {.fd = -1} */
  void (*due)(struct timer *timer);
};

/* `due` is called once, so many milliseconds from now; what was waited for before is forgotten. */
void timer_start(struct timer *timer, uint64_t milliseconds);

void timer_stop(struct timer *timer);

/* Of a clock that nobody sets. */
uint64_t milliseconds_now(void);

#endif
