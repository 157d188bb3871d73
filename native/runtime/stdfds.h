/* What a program may not inherit (CVE-2016-9962, CVE-2024-21626). */
#ifndef LICHEN_STDFDS_H
#define LICHEN_STDFDS_H

/* Closes all from `first` on but `kept`, -1: none. */
void stdfds_close(int first, int kept);

/* Makes these 0, 1 and 2, in whatever order and place they are; -1 leaves that one as it is. */
void stdfds_place(const int stdio[3]);

#endif
