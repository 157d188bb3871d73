/* Strings as JSON has them. */
#ifndef LICHEN_JSON_H
#define LICHEN_JSON_H

#include <stddef.h>

/* The most that one byte becomes. */
#define JSON_GROWTH 6

/*
 * Writes the bytes as the inside of a JSON string, escaped as Docker's log writer does: U+FFFD for each byte that is no UTF-8, \u003c for
 * what HTML minds, \u0009 for a tab. `out` has room for JSON_GROWTH times `length`. Returns the end.
 */
char *json_escape(char *out, const char *bytes, size_t length);

#endif
