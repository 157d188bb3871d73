/* capget(2) and its relatives, on bit sets. -1 and errno on failure. */
#ifndef LICHEN_CAPS_H
#define LICHEN_CAPS_H

#include <stdint.h>

struct caps {
  uint64_t effective, permitted, inheritable;
};

int caps_get(struct caps *caps);
int caps_set(const struct caps *caps);

/* Takes from the bounding set what is not in `wanted`; capabilities that the kernel does not know are nobody's. */
int caps_bound(uint64_t wanted);

/* Exactly these, of which each must be permitted and inheritable. */
int caps_ambient(uint64_t wanted);

#endif
