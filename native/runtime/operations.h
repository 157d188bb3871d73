/* The operations of `unshare`, each in the mapped user namespace (that of the caller, where the plan has no maps) as 0:0, with umask 0. Failures go to FD_STATUS. */
#ifndef LICHEN_OPERATIONS_H
#define LICHEN_OPERATIONS_H

#include "plan.h"

struct totals {
  uint64_t entries, bytes;
};

/* `paths`: what plan->op_paths name, opened before the namespace was entered, since a mapped root may not be able to walk there. */
struct totals op_apply(const struct plan *plan, const int *paths);
struct totals op_merge(const struct plan *plan, const int *paths);
/* `parents`: the directories that hold what plan->op_paths name; -1 where there is none any more. */
struct totals op_remove(const struct plan *plan, const int *parents);
struct totals op_probe(const struct plan *plan);
struct totals op_mount(const struct plan *plan);
struct totals op_unmount(const struct plan *plan);

struct view;
struct totals op_stat(const struct plan *plan, const struct view *view);
struct totals op_pack(const struct plan *plan, const struct view *view);
struct totals op_unpack(const struct plan *plan, const struct view *view);
struct totals op_changes(const struct plan *plan, const struct view *view);

#endif
