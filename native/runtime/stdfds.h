/* Standard input, output and error. */
#ifndef LICHEN_STDFDS_H
#define LICHEN_STDFDS_H

/* Makes these 0, 1 and 2, in whatever order and place they are; -1 leaves that one as it is. */
void stdfds_place(const int stdio[3]);

#endif
