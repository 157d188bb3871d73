#include "utf8.h"

static int follows(unsigned char byte) { return (byte & 0xC0) == 0x80; }

size_t utf8_length(const unsigned char *at, size_t left) {
  unsigned char first = at[0];
  if (first < 0xC2 || first > 0xF4) return 0;
  if (left < 2 || !follows(at[1])) return 0;
  if (first < 0xE0) return 2;
  /* The second byte rules out what a shorter form says, surrogates, and what is too large. */
  if (first == 0xE0 && at[1] < 0xA0) return 0;
  if (first == 0xED && at[1] > 0x9F) return 0;
  if (first == 0xF0 && at[1] < 0x90) return 0;
  if (first == 0xF4 && at[1] > 0x8F) return 0;
  if (left < 3 || !follows(at[2])) return 0;
  if (first < 0xF0) return 3;
  return left < 4 || !follows(at[3]) ? 0 : 4;
}
