/* The file below a log: buffered, rotated, and on a full disk a thing that one can do without. */
#ifndef LICHEN_LOGFILE_H
#define LICHEN_LOGFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * `path` stays the newest file; older ones are path.1, path.2 and so on. `max_size` 0: it is never rotated. `max_files` counts all; with
 * one, it starts anew. Fails in stage "log".
 */
void logfile_open(const char *path, uint64_t max_size, uint64_t max_files);

/* Room for an entry of at most `most` bytes, which is less than LOGFILE_ENTRY_MAX; then how much of it is the entry. */
char *logfile_reserve(size_t most);
void logfile_commit(size_t length);

/* Writes what is buffered. */
void logfile_flush(void);

#define LOGFILE_ENTRY_MAX (128 * 1024)

#endif
