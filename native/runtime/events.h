/* The log of events below the data root (lib/events/log.ts): what happens where no command of lichen's is there to tell. */
#ifndef LICHEN_EVENTS_H
#define LICHEN_EVENTS_H

#include "plan.h"

/* Appends an event of the container; `more`: further members of its attributes, each with a comma in front. A log that can't be written is no failure. */
void event_append(const struct plan *plan, const char *action, const char *more);

/* Appends those that the plan has for this phase, as they are. */
void events_append_fixed(const struct plan *plan, enum event_phase phase);

#endif
