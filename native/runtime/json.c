#include "json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

/* 1 for each byte that stands for itself. */
static const unsigned char plain[256] = {
    [0x20] = 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1,
    [0x40] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,
    [0x60] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

static char *put(char *out, const char *text, size_t length) {
  memcpy(out, text, length);
  return out + length;
}

static char *escape_ascii(char *out, unsigned char byte) {
  static const char hex[] = "0123456789abcdef";
  if (byte == '"' || byte == '\\') return put(out, (char[]){'\\', (char)byte}, 2);
  if (byte == '\n') return put(out, "\\n", 2);
  if (byte == '\r') return put(out, "\\r", 2);
  return put(out, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
}

char *json_escape(char *out, const char *bytes, size_t length) {
  const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
  while (at < end) {
    const unsigned char *run = at;
    while (at < end && plain[*at]) at++;
    out = put(out, (const char *)run, (size_t)(at - run));
    if (at == end) break;
    if (*at < 0x80) {
      out = escape_ascii(out, *at++);
      continue;
    }
    size_t size = utf8_length(at, (size_t)(end - at));
    if (size == 0) {
      out = put(out, "\\ufffd", 6);
      at++;
    } else if (size == 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9)) {
      /* Line and paragraph separator, which JavaScript took for line ends. */
      out = put(out, at[2] == 0xA8 ? "\\u2028" : "\\u2029", 6);
      at += 3;
    } else {
      out = put(out, (const char *)at, size);
      at += size;
    }
  }
  return out;
}
