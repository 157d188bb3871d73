/* New file systems, by fsopen(2). */
#ifndef LICHEN_FILESYSTEM_H
#define LICHEN_FILESYSTEM_H

#include <stdint.h>

/* What the kernel says of a failure, which it does in words of its own for most file systems; "" where it says nothing. */
struct kernel_words {
  char text[512];
};

/*
 * A mount that is attached nowhere yet. `data` as mount(2) takes it: "size=64k,ro". -1 and errno on failure; ENOSYS before Linux 5.2.
 * Allocates nothing.
 */
int filesystem_new(const char *type, const char *data, uint64_t attributes, struct kernel_words *words);

#endif
