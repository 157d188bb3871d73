/* Points in time as records and logs have them. */
#ifndef LICHEN_MOMENT_H
#define LICHEN_MOMENT_H

#define MOMENT_LENGTH 30 /* of 2026-01-31T12:00:00.123456789Z */

/* Now, in RFC 3339, UTC, with nanoseconds. */
void moment_now(char text[MOMENT_LENGTH + 1]);

#endif
