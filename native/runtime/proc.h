/* What /proc tells of a process. */
#ifndef LICHEN_PROC_H
#define LICHEN_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat, in ticks; 0 where there is no such process. */
uint64_t proc_start_time(pid_t pid);

/* The first `size` - 1 bytes of a small file as a string; -1 and errno where it can't be read. `directory`: as for openat. */
int proc_read(int directory, const char *path, char *text, size_t size);

#endif
