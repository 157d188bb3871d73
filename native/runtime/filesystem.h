/* New file systems, by fsopen(2). -1 and errno on failure; ENOSYS before Linux 5.2. Nothing here allocates. */
#ifndef LICHEN_FILESYSTEM_H
#define LICHEN_FILESYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* What the kernel says of a failure, which it does in words of its own for most file systems; "" where it says nothing. */
struct kernel_words {
  char text[512];
};

/* A context with the options of `data`, "size=64k,ro", as mount(2) takes them. */
int filesystem_begin(const char *type, const char *data, struct kernel_words *words);

/* One more option; `value` NULL for a flag. */
int filesystem_set(int context, const char *key, const char *value, struct kernel_words *words);

/* The mount, attached nowhere yet; closes the context, whatever comes of it. */
int filesystem_create(int context, uint64_t attributes, struct kernel_words *words);

#endif
