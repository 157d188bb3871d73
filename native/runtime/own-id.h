#ifndef LICHEN_OWN_ID_H
#define LICHEN_OWN_ID_H

#include "plan.h"

/* The line with the id that this program was started with (`own`, as its namespace counts), where that is not 0 in the container, as with keep-id; else NULL. */
const struct id_map *own_id(const struct id_maps *maps, uint64_t own);

#endif
