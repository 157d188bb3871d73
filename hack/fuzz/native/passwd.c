/*
 * Who the process is to be, out of an image's /etc/passwd and /etc/group. The input: what --user says, what --group-add says, passwd, group,
 * each up to a NUL.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "survive.h"
#include "users.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int root;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  root = scratch_open();
  must(mkdirat(root, "etc", 0755) == 0, "mkdirat(etc)");
  return 0;
}

static void find(void *argument) {
  static struct user user;
  const struct plan *plan = argument;
  users_find(plan, root, &user);
  must(user.uid != UINT32_MAX && user.gid != UINT32_MAX, "4294967295 is nobody's id");
  must(user.named <= user.count && user.count <= GROUPS_LIMIT, "groups are counted");
  must(plan->keep_groups || (user.count > 0 && user.groups[0] == user.gid), "the first group is the user's own");
  must(user.home[0] == '/' && strnlen(user.home, sizeof user.home) < sizeof user.home, "the home is a path");
}

static void put(const char *path, const char *bytes, size_t length) {
  int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  must(fd >= 0 && write(fd, bytes, length) == (ssize_t)length && close(fd) == 0, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char parts[4][4096] = {{0}};
  size_t lengths[4] = {0};
  for (size_t part = 0, at = 0; part < 4 && at < size; part++, at++) {
    for (; at < size && (data[at] != '\0' || part == 3); at++) {
      if (lengths[part] < sizeof parts[part] - 1) parts[part][lengths[part]++] = (char)data[at];
    }
  }
  put("etc/passwd", parts[2], lengths[2]);
  put("etc/group", parts[3], lengths[3]);
  const char *groups[] = {parts[1], NULL};
  struct plan plan = {.user = parts[0], .groups = {lengths[1] > 0, groups}};
  survive(find, &plan);
  plan.keep_groups = true;
  survive(find, &plan);
  return 0;
}
