/* Lines of /etc/passwd and /etc/group for a user whom the image does not know. */
#ifndef LICHEN_ENTRIES_H
#define LICHEN_ENTRIES_H

#include "plan.h"

/*
 * Adds plan->entries to the files of the image, before anything is mounted over them. A file that is missing, or is more than a plain one,
 * stays as it is: then the user has no name. Fails in stage "user".
 */
void entries_add(const struct plan *plan, int root);

#endif
