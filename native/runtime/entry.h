/* One entry of a layer at a time, made in the layer's directory and nowhere else. Whatever fails ends the process in stage "apply". */
#ifndef LICHEN_ENTRY_H
#define LICHEN_ENTRY_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "durable.h"
#include "plan.h"

struct xattr {
  char *name;
  void *value;
  size_t length;
};

struct entry {
  uint64_t type;    /* enum entry_type */
  const char *path; /* relative, without "." and ".."; "" is the layer's directory */
  const char *link;
  mode_t mode;
  uint64_t uid, gid, size, major, minor;
  struct timespec mtime;
  const struct xattr *xattrs;
  size_t xattr_count;
};

/* What could not be kept, and is said once at the end. */
struct loss {
  uint64_t count;
  char first[PATH_MAX];
};

struct layer {
  const struct plan *plan;
  int root;
  bool single_id; /* nobody can be given a file */
  struct {
    int fd; /* -1: none */
    char path[PATH_MAX];
    bool setgid;
    struct timespec times[2];
  } parent; /* of the last entry; it gets its times back when it is left */
  struct loss devices, xattrs;
  struct durable durable;
};

/* An ENTRY_FILE: its descriptor, empty and open for writing; the caller writes it and hands it to entry_finish_file, which closes it. */
int entry_begin_file(struct layer *layer, const struct entry *entry);
void entry_finish_file(struct layer *layer, const struct entry *entry, int fd);
/* Any other. */
void entry_make(struct layer *layer, const struct entry *entry);
/* After the last: times of directories, and everything on disk. */
void entry_finish_layer(struct layer *layer);

_Noreturn void entry_failed(const struct entry *entry, const char *call);

#endif
