/* The program itself, as something that a container may try to overwrite. */
#ifndef LICHEN_EXECUTABLE_H
#define LICHEN_EXECUTABLE_H

/*
 * Returns when nobody in a container could write to the file that this process runs from; /proc/PID/exe leads them to it
 * (CVE-2019-5736). Where they could, it is executed anew from a sealed copy in memory, with the same arguments, environment
 * and those descriptors that are not close-on-exec. Fails in stage "sandbox".
 */
void executable_protect(char *const argv[]);

#endif
