/* What the layers below say of one directory, topmost first: those of them that have it, up to one that hides the rest. */
#ifndef LICHEN_LOWER_H
#define LICHEN_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "names.h"
#include "plan.h"

struct lower {
  int *fds;
  size_t count;
};

/* The roots of plan->lower. -1 and errno; the path that could not be opened is the `count`th. */
int lower_open(struct lower *lower, const struct plan *plan);
/* The same for the directory `name`: none where the layers have nothing there, or something else than a directory. 0, or -1 and errno. */
int lower_enter(const struct lower *lower, const char *name, struct lower *below);
void lower_leave(struct lower *lower);

/* The layer whose entry shows, as index of `fds`; -1: there is none. */
int lower_find(const struct lower *lower, const char *name, struct stat *status);
/* Adds all names that any of them has; which show is for lower_find to say. 0, or -1 and errno. */
int lower_names(const struct lower *lower, struct names *names);

#endif
