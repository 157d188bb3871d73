/* What getdents64(2) puts into a buffer, which has to be aligned for it. */
#ifndef LICHEN_DIRECTORY_ENTRY_H
#define LICHEN_DIRECTORY_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct directory_entry { /* linux_dirent64 */
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

static inline bool is_dot(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

#endif
