/*
 * What is fuzzed of native/runtime ends the process where its input is wrong, and leaves memory and descriptors to the kernel. Here it
 * comes back instead, and what it has left is taken away: the linker puts fail(), warn_of() and the allocator of survive.c in the place of
 * its own (the Makefile's --wrap).
 */
#ifndef LICHEN_FUZZ_SURVIVE_H
#define LICHEN_FUZZ_SURVIVE_H

#include <stdbool.h>

/*
 * Runs `work`; true: it came to its end, false: it ended by fail(). Afterwards its memory and its descriptors are gone: all but those that
 * were open when this was called first.
 */
bool survive(void (*work)(void *argument), void *argument);

/* Called before a finding is written: what must be undone for that. */
extern void (*survive_before_death)(void);

/* For what must hold: says what does not, and aborts, which a fuzzer takes for a crash. */
void must(bool holds, const char *what);

#endif
