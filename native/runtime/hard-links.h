/* Files of a layer with several names, and the name under which each was copied first. */
#ifndef LICHEN_HARD_LINKS_H
#define LICHEN_HARD_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

struct hard_link {
  dev_t device;
  ino_t inode;
  char *path; /* NULL: free */
};

struct hard_links {
  struct hard_link *at;
  size_t count, room; /* a power of two */
};

/* NULL where it has not been added. */
const char *hard_links_find(const struct hard_links *links, const struct stat *status);
/* 0, or -1 and errno. The path is copied. */
int hard_links_add(struct hard_links *links, const struct stat *status, const char *path);
void hard_links_forget(struct hard_links *links);

#endif
