/* Records of protocol.h: reading them out of memory, writing them into a buffer. Nothing here allocates. */
#ifndef LICHEN_RECORDS_H
#define LICHEN_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fields {
  const char *at, *end;
  bool broken; /* a field was not there: zeros and "" were given instead */
};

struct record {
  uint32_t tag;
  struct fields fields;
};

struct records {
  const char *at, *end;
  bool broken; /* the bytes do not end with a record */
};

/* False at the end, and where the rest is no record. */
bool records_next(struct records *records, struct record *record);

/* Readers; after the last field `at` is `end`. `i` is read by field_u and a cast. */
uint64_t field_u(struct fields *fields);
const char *field_s(struct fields *fields);
const void *field_b(struct fields *fields, size_t *length);

/* A record under construction in a buffer of the caller's; what does not fit sets `overflow` and is left out. */
struct writer {
  char *buffer;
  size_t size, length;
  bool overflow;
};

void record_begin(struct writer *writer, char *buffer, size_t size, uint32_t tag);
void record_u(struct writer *writer, uint64_t value);
/* At most `most` bytes of the text: long words of a helper are cut, not the record. */
void record_s(struct writer *writer, const char *text, size_t most);
void record_b(struct writer *writer, const void *bytes, size_t length);
/* Fills in the length and the padding; the record is `buffer` up to the result. */
size_t record_end(struct writer *writer);

#endif
