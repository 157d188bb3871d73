#include "own-id.h"

/* It has a line of its own: it is none of the subordinate ones (lib/system/map-identity.ts). */
const struct id_map *own_id(const struct id_maps *maps, uint64_t own) {
  for (size_t i = 0; i < maps->count; i++) {
    if (maps->at[i].host == own && maps->at[i].container != 0) return &maps->at[i];
  }
  return NULL;
}
