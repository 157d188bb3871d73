/*
 * Changes streams of records (native/runtime/protocol.h) as what they are: a stream of which a length is wrong is refused at once, and
 * nothing behind that would ever be reached by changing bytes alone.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* Of the target: content follows the records of files. */
extern const bool records_have_content;

#define UNITS_MAX 128
#define PAYLOAD_MAX 8192

/* A record, and what follows it up to the next. */
struct unit {
  const uint8_t *at;
  size_t payload, whole;
};

static const char *const names[] = {"",     "a",          "b",       "a/b",      "a/b/c",   "../a", "a/../b", "a/./b", "/victim", "/victim/secret", "../victim", "../victim/secret",
                                    "a//b", "a/", ".wh.a", ".wh..wh..opq", "dev/null", "user.a", "user.overlay.opaque", "user.overlay.redirect", "security.capability", "trusted.overlay.opaque", "/", ".", ".."};
static const uint64_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255, 0xffff, 0x10000, 0777, 06755, 07777, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32, 1ull << 62, INT64_MAX, 1ull << 63, UINT64_MAX};

static uint32_t state;
static size_t below(size_t count) {
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return count == 0 ? 0 : state % count;
}

static size_t padded(size_t length) { return (length + 7) & ~(size_t)7; }

static size_t content_of(const uint8_t *payload, size_t length) {
  uint64_t type = 0, size = 0;
  uint32_t path, link;
  if (!records_have_content || length < 16) return 0;
  memcpy(&type, payload, 8), memcpy(&path, payload + 8, 4);
  size_t at = 8 + (((size_t)path + 5 + 3) & ~(size_t)3);
  if (type != ENTRY_FILE || path > length || at + 4 > length) return 0;
  memcpy(&link, payload + at, 4);
  at += ((size_t)link + 5 + 3) & ~(size_t)3;
  if (link > length || at + 48 > length) return 0;
  memcpy(&size, payload + at + 40, 8);
  return size > 65536 ? 0 : padded((size_t)size);
}

static size_t split(const uint8_t *data, size_t size, struct unit units[]) {
  size_t count = 0;
  for (size_t at = 0; count < UNITS_MAX && size - at >= 8;) {
    uint32_t head[2];
    memcpy(head, data + at, 8);
    if (padded(head[1]) > size - at - 8 || head[1] > PAYLOAD_MAX) break;
    size_t whole = 8 + padded(head[1]);
    if (head[0] == APPLY_ENTRY) whole += content_of(data + at + 8, head[1]);
    if (whole > size - at) whole = size - at;
    units[count++] = (struct unit){data + at, head[1], whole};
    at += whole;
  }
  return count;
}

/* Where strings seem to be: a count, so many bytes, a NUL. */
static size_t find_string(const uint8_t *payload, size_t length, size_t *found) {
  size_t candidates[64], count = 0;
  for (size_t at = 0; at + 5 <= length && count < 64; at += 4) {
    uint32_t size;
    memcpy(&size, payload + at, 4);
    if (size < length && at + 5 + size <= length && payload[at + 4 + size] == '\0' && (size == 0 || payload[at + 3 + size] != '\0')) candidates[count++] = at;
  }
  *found = count == 0 ? 0 : candidates[below(count)];
  return count;
}

/* Another string in the place of one; the new length of the payload. */
static size_t change_string(uint8_t *payload, size_t length) {
  size_t at;
  uint32_t size;
  uint8_t text[512] = {0};
  if (find_string(payload, length, &at) == 0) return length;
  memcpy(&size, payload + at, 4);
  size_t old = (4 + (size_t)size + 1 + 3) & ~(size_t)3, now = size < 256 ? size : 256;
  memcpy(text, payload + at + 4, now);
  if (below(2) == 0) {
    const char *name = names[below(sizeof names / sizeof *names)];
    now = strlen(name);
    memcpy(text, name, now);
  } else {
    now = LLVMFuzzerMutate(text, now, 300);
  }
  size_t fresh = (4 + now + 1 + 3) & ~(size_t)3;
  if (old > length - at || length - old + fresh > PAYLOAD_MAX) return length;
  memmove(payload + at + fresh, payload + at + old, length - at - old);
  memset(payload + at, 0, fresh);
  size = (uint32_t)now;
  memcpy(payload + at, &size, 4);
  memcpy(payload + at + 4, text, now);
  return length - old + fresh;
}

static size_t change_payload(uint8_t *payload, size_t length) {
  switch (below(4)) {
    case 0: return length == 0 ? LLVMFuzzerMutate(payload, 0, 64) : LLVMFuzzerMutate(payload, length, length + 32 < PAYLOAD_MAX ? length + 32 : PAYLOAD_MAX);
    case 1:
      if (length >= 8) memcpy(payload + 4 * below(length / 4 - 1), &numbers[below(sizeof numbers / sizeof *numbers)], 8);
      return length;
    default: return change_string(payload, length);
  }
}

struct out {
  uint8_t *bytes;
  size_t length, max;
};

static void put(struct out *out, const void *bytes, size_t length) {
  if (length > out->max - out->length) length = out->max - out->length;
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
}

static void put_changed(struct out *out, const struct unit *unit) {
  static uint8_t payload[PAYLOAD_MAX + 512];
  uint32_t head[2];
  memset(payload, 0, sizeof payload);
  memcpy(head, unit->at, 8);
  memcpy(payload, unit->at + 8, unit->payload);
  head[1] = (uint32_t)change_payload(payload, unit->payload);
  if (below(8) == 0) head[0] = (uint32_t)(below(2) == 0 ? below(8) : below(128));
  memset(payload + head[1], 0, 8);
  put(out, head, 8);
  put(out, payload, padded(head[1]));
  put(out, unit->at + 8 + padded(unit->payload), unit->whole - 8 - padded(unit->payload));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
  static struct unit units[UNITS_MAX];
  state = seed | 1;
  below(1);
  size_t count = split(data, size, units);
  if (count == 0 || below(8) == 0) return LLVMFuzzerMutate(data, size, max);
  struct out out = {malloc(max), 0, max};
  size_t chosen = below(count), other = below(count), what = below(8);
  for (size_t i = 0; i < count; i++) {
    if (i != chosen) put(&out, units[i].at, units[i].whole);
    else if (what == 0) continue;                                                                          /* left out */
    else if (what == 1) put(&out, units[i].at, units[i].whole), put(&out, units[other].at, units[other].whole); /* another behind it */
    else if (what == 2) put(&out, units[i].at, units[i].whole), put_changed(&out, &units[i]);
    else if (what == 3) put(&out, units[other].at, units[other].whole);
    else put_changed(&out, &units[i]);
  }
  const uint8_t *rest = units[count - 1].at + units[count - 1].whole;
  put(&out, rest, size - (size_t)(rest - data));
  memcpy(data, out.bytes, out.length);
  size = out.length;
  free(out.bytes);
  return size;
}
