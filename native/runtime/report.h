/*
 * What goes wrong is said once, as a status record of protocol.h: by the monitor on FD_STATUS, by the processes
 * that it cloned on their sync socket, from which the monitor hands it on.
 */
#ifndef LICHEN_REPORT_H
#define LICHEN_REPORT_H

#include <stddef.h>

/* Where records go, FD_STATUS unless a child sets it to its sync socket. -1: nowhere, for those nobody listens to. */
extern int report_fd;

/* What the monitor takes back before it ends with a failure; NULL: nothing. A child sets it to NULL. */
extern void (*report_undo)(void);

/* While report_undo runs: what has failed, in words. */
extern const char *report_reason;

/* Puts the words together: the call, and a helper's own words or what errno means. */
void report_explain(int error, const char *call, const char *detail);

/*
 * Reports FAILED and ends the process with 125. `error` is an errno or 0, `subject` the path, program, port or id that
 * it is about, `detail` a helper's own words or "", `call` the failed call with its arguments. Allocates nothing.
 */
_Noreturn void fail(const char *stage, int error, const char *subject, const char *detail, const char *call, ...)
    __attribute__((format(printf, 5, 6)));

/* Reports WARNING, and goes on. */
void warn_of(const char *stage, int error, const char *subject, const char *detail, const char *call, ...)
    __attribute__((format(printf, 5, 6)));

/* Sends one whole record; what the other side no longer wants to hear is not an error. */
void report_send(int fd, const void *record, size_t length);

/* The largest failure record: longer words are cut. */
#define REPORT_MAX 8192

#endif
