/* Who the process is: plan->user and plan->groups, looked up in the container's own /etc/passwd and /etc/group. */
#ifndef LICHEN_USERS_H
#define LICHEN_USERS_H

#include <limits.h>
#include <sys/types.h>

#include "plan.h"

#define GROUPS_LIMIT 65536 /* the kernel's NGROUPS_MAX */

struct user {
  uid_t uid;
  gid_t gid;
  /* The supplementary groups. The first is gid (CVE-2022-36109), then come those that the plan names, then those that the image gives. */
  gid_t groups[GROUPS_LIMIT];
  size_t count, named;
  char home[PATH_MAX]; /* "/" where the image does not say */
};

/* Fills in `user`; fails in stage "user". `root` counts as "/". */
void users_find(const struct plan *plan, int root, struct user *user);

/* Takes the groups, the group and the user, in this order. Capabilities change as they do then: see PR_SET_KEEPCAPS. */
void users_become(const struct plan *plan, const struct user *user);

#endif
