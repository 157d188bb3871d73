#include "restart.h"

#define FIRST_DELAY 100
#define LAST_DELAY 60000
/* Who has run as long is taken for healthy. */
#define LONG_RUN 10000

static bool wanted(const struct amendment *now, int code, uint64_t count) {
  switch ((enum restart_policy)now->restart_policy) {
    case RESTART_ALWAYS: return true;
    case RESTART_ON_FAILURE: return code != 0 && (now->restart_max == 0 || count < now->restart_max);
    default: return false;
  }
}

bool restart_due(struct restart *restart, const struct amendment *now, int code, uint64_t ran, bool forced) {
  if (!forced && !wanted(now, code, restart->count)) return false;
  if (ran >= LONG_RUN || restart->delay == 0) restart->delay = FIRST_DELAY;
  else restart->delay *= 2;
  if (restart->delay > LAST_DELAY) restart->delay = LAST_DELAY;
  restart->count++;
  return true;
}
