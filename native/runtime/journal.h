/* The journal of systemd, which takes an entry a datagram. */
#ifndef LICHEN_JOURNAL_H
#define LICHEN_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `fields`: lines NAME=value that every entry has. Fails in stage "log" where nobody listens at `path`. */
void journal_open(const char *path, const char *fields, size_t fields_length);

/* `whole`: with its line end, which is not in `bytes`. Lost where it can't be sent, with one warning. */
void journal_write(bool error_stream, const char *now, const char *bytes, size_t length, bool whole);

/* Which entries are this monitor's, "": it writes none; and the number of the last one that the journal has taken, 0: none. */
const char *journal_epoch(void);
uint64_t journal_last(void);

#endif
