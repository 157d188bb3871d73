#include "own-id.h"

/* It is the one that is mapped alone (lib/system/map-identity.ts): subordinate ones come in ranges. */
const struct id_map *own_id(const struct id_maps *maps) {
  for (size_t i = 0; i < maps->count; i++) {
    if (maps->at[i].size == 1 && maps->at[i].container != 0) return &maps->at[i];
  }
  return NULL;
}
