/* Files as entry records on stdout. What goes wrong ends the process, in stage "pack". */
#ifndef LICHEN_PACK_H
#define LICHEN_PACK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "durable.h"
#include "hard-links.h"
#include "operations.h"

struct pack {
  const struct plan *plan;
  bool silent;    /* nothing is written, only counted */
  bool single_id; /* owners are in an attribute: entry-xattrs.h */
  struct durable *durable; /* OP_KEEP: files are rid of what overlayfs has noted, and handed over to be synced; else NULL */
  struct hard_links links;
  struct totals totals; /* bytes: what is in the files, each once */
  uint64_t blocks;      /* of a tar of all this */
  char path[PATH_MAX];  /* of the entry at hand, in the stream */
  size_t path_length;
};

void pack_open(struct pack *pack, const struct plan *plan);
/* The end record, and all of it on its way. */
void pack_close(struct pack *pack);

/* Goes on to an entry below the current path; returns what pack_leave takes to go back. */
size_t pack_enter(struct pack *pack, const char *name);
void pack_leave(struct pack *pack, size_t before);

/* The entry `name` in `parent` goes to the stream under the current path; false where it has vanished, or is a socket, which no archive holds. */
bool pack_file(struct pack *pack, int parent, const char *name, const struct stat *status);
/* A regular file that is open for reading; closes it. */
void pack_opened(struct pack *pack, int fd, const struct stat *status);
void pack_directory(struct pack *pack, int fd, const struct stat *status);
/* ENTRY_WHITEOUT, ENTRY_OPAQUE: nothing but the path. */
void pack_mark(struct pack *pack, uint64_t type);
void pack_change(struct pack *pack, uint64_t kind);

_Noreturn void pack_failed(const struct pack *pack, const char *call);

#endif
