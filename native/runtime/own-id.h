#ifndef LICHEN_OWN_ID_H
#define LICHEN_OWN_ID_H

#include "plan.h"

/* The user's own id in the container where it is not 0 there, as with keep-id; else NULL. */
const struct id_map *own_id(const struct id_maps *maps);

#endif
