/* The container's log: lines out of what it writes. */
#ifndef LICHEN_LOG_H
#define LICHEN_LOG_H

#include <stddef.h>

#include "plan.h"

enum log_stream { LOG_STDOUT = 0, LOG_STDERR = 1 };

/* Fails in stage "log". */
void log_open(const struct plan *plan);

/*
 * Logs what has just been read of a stream: one write(2) for all of its whole lines. The rest waits for its line end, or until it
 * is 16 KiB long, where Docker cuts too. Lines that can't be written are lost, with one warning.
 */
void log_write(enum log_stream stream, const char *bytes, size_t length);

/* The stream has ended: logs what has no line end. */
void log_end(enum log_stream stream);

#endif
