#ifndef LICHEN_PIVOT_H
#define LICHEN_PIVOT_H

/* Makes the mounted `root` the root of this mount namespace and lets go of the old one. Fails in stage "rootfs". */
void pivot(int root);

#endif
