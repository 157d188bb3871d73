#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"
#include "report.h"

struct helper {
  const char *program; /* NULL: none */
  pid_t pid;
  int words; /* its stderr */
};

static struct helper start(const char *program, const struct id_maps *maps, pid_t pid) {
  char(*numbers)[24] = calloc(1 + 3 * maps->count, sizeof *numbers);
  const char **argv = calloc(3 + 3 * maps->count, sizeof *argv);
  if (numbers == NULL || argv == NULL) fail("idmap", ENOMEM, program, "", "calloc(%zu)", maps->count);
  size_t count = 0;
  argv[0] = program;
  snprintf(numbers[count++], sizeof *numbers, "%d", pid);
  for (size_t i = 0; i < maps->count; i++) {
    snprintf(numbers[count++], sizeof *numbers, "%" PRIu64, maps->at[i].container);
    snprintf(numbers[count++], sizeof *numbers, "%" PRIu64, maps->at[i].host);
    snprintf(numbers[count++], sizeof *numbers, "%" PRIu64, maps->at[i].size);
  }
  for (size_t i = 0; i < count; i++) argv[1 + i] = numbers[i];
  int words[2];
  if (pipe2(words, O_CLOEXEC) < 0) fail("idmap", errno, program, "", "pipe2()");
  struct helper helper = {.program = program, .words = words[0]};
  helper.pid = helper_start(argv, &(struct helper_fd){.theirs = STDERR_FILENO, .ours = words[1]}, 1);
  if (helper.pid < 0) fail("idmap", errno, program, "", "execve(%s)", program);
  close(words[1]);
  free(argv);
  free(numbers);
  return helper;
}

static void finish(const struct helper *helper, pid_t pid) {
  if (helper->program == NULL) return;
  char words[2048];
  helper_words(helper->words, words, sizeof words);
  int status;
  while (waitpid(helper->pid, &status, 0) < 0) {
    if (errno != EINTR) fail("idmap", errno, helper->program, words, "waitpid(%s)", helper->program);
  }
  if (status != 0) fail("idmap", 0, helper->program, words, "%s %d ...", helper->program, pid);
}

static void write_proc(pid_t pid, const char *file, const char *text, size_t length) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail("idmap", errno, path, "", "open(%s)", path);
  /* A map is taken in one write or not at all. */
  if (write(fd, text, length) != (ssize_t)length) fail("idmap", errno, path, "", "write(%s, \"%.*s\")", path, (int)length, text);
  close(fd);
}

static void write_map(pid_t pid, const char *file, const struct id_maps *maps) {
  size_t size = 72 * maps->count + 1, length = 0;
  char *text = malloc(size);
  if (text == NULL) fail("idmap", ENOMEM, file, "", "malloc(%zu)", size);
  for (size_t i = 0; i < maps->count; i++) {
    const struct id_map *map = &maps->at[i];
    length += (size_t)snprintf(text + length, size - length, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", map->container, map->host, map->size);
  }
  write_proc(pid, file, text, length);
  free(text);
}

void idmap_write(const struct plan *plan, pid_t pid) {
  /* Before the gid map: after it "deny" is refused, and without "deny" an unprivileged gid map is. */
  if (plan->setgroups_deny) write_proc(pid, "setgroups", "deny", 4);
  struct helper uid = {0}, gid = {0};
  if (plan->newuidmap != NULL) uid = start(plan->newuidmap, &plan->uid_maps, pid);
  if (plan->newgidmap != NULL) gid = start(plan->newgidmap, &plan->gid_maps, pid);
  if (plan->newuidmap == NULL) write_map(pid, "uid_map", &plan->uid_maps);
  if (plan->newgidmap == NULL) write_map(pid, "gid_map", &plan->gid_maps);
  finish(&uid, pid);
  finish(&gid, pid);
}
