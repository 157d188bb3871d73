#include "records.h"

#include <string.h>

static size_t align(size_t length, size_t to) { return (length + to - 1) / to * to; }

bool records_next(struct records *records, struct record *record) {
  size_t left = (size_t)(records->end - records->at);
  if (left == 0) return false;
  uint32_t head[2];
  if (left >= sizeof head) memcpy(head, records->at, sizeof head);
  if (left < sizeof head || align(head[1], 8) > left - sizeof head) {
    records->broken = true;
    return false;
  }
  record->tag = head[0];
  record->fields = (struct fields){.at = records->at + sizeof head, .end = records->at + sizeof head + head[1]};
  records->at += sizeof head + align(head[1], 8);
  return true;
}

uint64_t field_u(struct fields *fields) {
  uint64_t value = 0;
  if ((size_t)(fields->end - fields->at) < sizeof value) {
    fields->broken = true;
    return 0;
  }
  memcpy(&value, fields->at, sizeof value);
  fields->at += sizeof value;
  return value;
}

const void *field_b(struct fields *fields, size_t *length) {
  uint32_t count = 0;
  size_t left = (size_t)(fields->end - fields->at);
  if (left >= sizeof count) memcpy(&count, fields->at, sizeof count);
  size_t whole = align(sizeof count + (size_t)count + 1, 4);
  if (left < whole || fields->at[sizeof count + count] != '\0') {
    fields->broken = true;
    *length = 0;
    return "";
  }
  const char *bytes = fields->at + sizeof count;
  fields->at += whole;
  *length = count;
  return bytes;
}

const char *field_s(struct fields *fields) {
  size_t length;
  const char *text = field_b(fields, &length);
  if (strlen(text) != length) fields->broken = true;
  return text;
}

static void put(struct writer *writer, const void *bytes, size_t length) {
  if (length > writer->size - writer->length) {
    writer->overflow = true;
    return;
  }
  memcpy(writer->buffer + writer->length, bytes, length);
  writer->length += length;
}

void record_begin(struct writer *writer, char *buffer, size_t size, uint32_t tag) {
  *writer = (struct writer){.buffer = buffer, .size = size};
  uint32_t head[2] = {tag, 0};
  put(writer, head, sizeof head);
}

void record_u(struct writer *writer, uint64_t value) { put(writer, &value, sizeof value); }

void record_b(struct writer *writer, const void *bytes, size_t length) {
  static const char zeros[8];
  uint32_t count = (uint32_t)length;
  if (align(sizeof count + length + 1, 4) > writer->size - writer->length) {
    writer->overflow = true;
    return;
  }
  put(writer, &count, sizeof count);
  put(writer, bytes, length);
  put(writer, zeros, align(sizeof count + length + 1, 4) - sizeof count - length);
}

void record_s(struct writer *writer, const char *text, size_t most) { record_b(writer, text, strnlen(text, most)); }

size_t record_end(struct writer *writer) {
  static const char zeros[8];
  uint32_t length = (uint32_t)(writer->length - 8);
  memcpy(writer->buffer + 4, &length, sizeof length);
  put(writer, zeros, align(length, 8) - length);
  return writer->length;
}
