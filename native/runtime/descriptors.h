/* Which descriptors a process has. */
#ifndef LICHEN_DESCRIPTORS_H
#define LICHEN_DESCRIPTORS_H

#include <stddef.h>

/*
 * Closes everything from `first` on but `keep` (-1 in it is passed over) and the `given` descriptors from FD_GIVEN on. What somebody
 * let us inherit, and what is ours, must not be found in a container (CVE-2016-9962, CVE-2024-21626).
 */
void descriptors_close_but(int first, const int *keep, size_t count, size_t given);

#endif
