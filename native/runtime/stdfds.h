/* Standard input, output and error, and what the caller gives beside them. */
#ifndef LICHEN_STDFDS_H
#define LICHEN_STDFDS_H

#include <stddef.h>

/* Makes these 0, 1 and 2, in whatever order and place they are; -1 leaves that one as it is. */
void stdfds_place(const int stdio[3]);

/* What is at FD_GIVEN and on becomes 3 and on, over whatever is there. */
void stdfds_give(size_t count);

#endif
