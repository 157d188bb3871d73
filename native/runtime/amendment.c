#include "amendment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"

#define AMENDMENT_MAX (16 << 20)

/* The whole file, in memory that is used again; NULL where there is none. It is replaced by rename: what is open stays as it is. */
static const char *read_file(const char *path, size_t *length) {
  static char *bytes;
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return NULL;
  char *larger = NULL;
  if (fstat(fd, &status) == 0 && status.st_size > 0 && status.st_size < AMENDMENT_MAX) larger = realloc(bytes, (size_t)status.st_size);
  ssize_t count = -1;
  if (larger != NULL) {
    bytes = larger;
    do count = read(fd, bytes, (size_t)status.st_size);
    while (count < 0 && errno == EINTR);
  }
  close(fd);
  *length = count < 0 ? 0 : (size_t)count;
  return count <= 0 ? NULL : bytes;
}

struct amendment amendment_now(const struct plan *plan) {
  const struct amendment planned = {.event_head = plan->event_head, .restart_policy = plan->restart_policy, .restart_max = plan->restart_max};
  size_t length;
  const char *bytes = plan->amendment_file == NULL ? NULL : read_file(plan->amendment_file, &length);
  if (bytes == NULL) return planned;
  struct records records = {.at = bytes, .end = bytes + length};
  struct record record;
  struct amendment now = planned;
  while (records_next(&records, &record)) {
    struct fields *fields = &record.fields;
    if (record.tag == PLAN_EVENTS) field_s(fields), now.event_head = field_s(fields);
    else if (record.tag == PLAN_RESTART) now.restart_policy = field_u(fields), now.restart_max = field_u(fields);
    if (fields->broken) return planned;
  }
  return records.broken ? planned : now;
}
