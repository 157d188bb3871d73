/* plan_read(): records behind the magic number, in a sealed memfd as the launcher hands it over. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan.h"
#include "survive.h"

extern const bool records_have_content;
const bool records_have_content = false; /* to records-mutator.c */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The plan stays mapped as long as the process lives, which here is long. */
static struct {
  void *at;
  size_t length;
} mapped;

void *__real_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  mapped.at = __real_mmap(at, length, protection, flags, fd, offset);
  mapped.length = length;
  return mapped.at;
}

static size_t within(const char *text) {
  if (text == NULL) return 0;
  const char *from = mapped.at;
  bool constant = text < from || text >= from + mapped.length;
  size_t length = strlen(text);
  must(constant ? length <= 1 : text + length < from + mapped.length, "a string of the plan lies in it");
  return length;
}

static size_t all(const struct strings *list) {
  size_t sum = 0;
  for (size_t i = 0; i < list->count; i++) sum += within(list->at[i]);
  must(list->at == NULL || list->at[list->count] == NULL, "a list ends with NULL");
  return sum;
}

static void read_it(void *fd) {
  struct plan plan;
  plan_read(*(int *)fd, &plan);
  must(plan.args.count == 0 || plan.args.at != NULL, "what is counted is there");
  all(&plan.args), all(&plan.env), all(&plan.lower), all(&plan.groups), all(&plan.op_paths), all(&plan.net_helper), all(&plan.cleanup);
  within(plan.id), within(plan.cwd), within(plan.user), within(plan.merged), within(plan.log_path), within(plan.event_head);
  for (size_t i = 0; i < plan.mounts.count; i++) {
    const struct mount_step *step = &plan.mounts.at[i];
    within(step->source), within(step->target), within(step->data), all(&step->lower);
    if (step->content_size > 0) must(step->content[step->content_size] == '\0', "bytes end with a NUL");
  }
  struct sock_filter last = {0};
  for (size_t i = 0; i < plan.seccomp.len; i++) last = plan.seccomp.filter[i];
  must(plan.seccomp.len > 0 || last.code == 0, "a filter can be read to its end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int fd = memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  must(fd >= 0 && write(fd, PLAN_MAGIC, 8) == 8 && write(fd, data, size) == (ssize_t)size, "a memfd can be written");
  must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0, "a memfd can be sealed");
  survive(read_it, &fd);
  if (mapped.at != NULL && mapped.at != MAP_FAILED) munmap(mapped.at, mapped.length);
  mapped.at = NULL;
  return 0;
}
