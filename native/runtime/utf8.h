/* What is UTF-8 and what is not. */
#ifndef LICHEN_UTF8_H
#define LICHEN_UTF8_H

#include <stddef.h>

/*
 * Length of the character that starts at `at`, whose first byte is 0x80 or more, and of which `left` bytes are there; 0 where
 * none does (overlong forms, surrogates and what is beyond U+10FFFF are none). `left` is at least 1.
 */
size_t utf8_length(const unsigned char *at, size_t left);

#endif
