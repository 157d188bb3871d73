/*
 * What is to outlive a power cut. A few files are synced one by one: syncfs(2) waits for whatever anybody else has written to the
 * file system, which on a busy machine is many seconds for a layer of one megabyte. Many are left to syncfs, which is quicker then.
 */
#ifndef LICHEN_DURABLE_H
#define LICHEN_DURABLE_H

#include <stdbool.h>
#include <stddef.h>

#define DURABLE_FEW 128

struct durable {
  int fds[DURABLE_FEW];
  size_t count;
  bool many;
};

/* Takes the descriptor of a file or directory over. 0, or -1 and errno of its close(). */
int durable_take(struct durable *durable, int fd);
/* All that was taken, and `root`, are on disk. 0, or -1 and errno. */
int durable_sync(struct durable *durable, int root);

#endif
