#include "durable.h"

#include <fcntl.h>
#include <unistd.h>

int durable_take(struct durable *durable, int fd) {
  if (!durable->many && durable->count == DURABLE_FEW) {
    durable->many = true;
    for (size_t i = 0; i < durable->count; i++) {
      if (close(durable->fds[i]) < 0) return -1;
    }
  }
  if (durable->many) return close(fd);
  durable->fds[durable->count++] = fd;
  return 0;
}

int durable_sync(struct durable *durable, int root) {
  if (durable->many) return syncfs(root);
  /* All of them on their way first: then the first fsync commits the journal for the others as well. */
  for (size_t i = 0; i < durable->count; i++) sync_file_range(durable->fds[i], 0, 0, SYNC_FILE_RANGE_WRITE);
  for (size_t i = 0; i < durable->count; i++) {
    if (fsync(durable->fds[i]) < 0 || close(durable->fds[i]) < 0) return -1;
  }
  return fsync(root);
}
