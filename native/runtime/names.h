/* The names in a directory, in the order of their bytes: what is made of them is the same each time. */
#ifndef LICHEN_NAMES_H
#define LICHEN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct names {
  char **at;
  size_t count, room;
};

/* Adds those of the directory, without "." and ".."; sorted, each once, is for names_sort. 0, or -1 and errno. */
int names_read(struct names *names, int directory);
void names_sort(struct names *names);
bool names_have(const struct names *names, const char *name); /* sorted ones */
void names_forget(struct names *names);

#endif
