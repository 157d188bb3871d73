#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "moment.h"
#include "report.h"

static char started[MOMENT_LENGTH + 1];

static int write_all(int fd, const char *text, size_t length) {
  ssize_t count = write(fd, text, length);
  if (count == (ssize_t)length) return 0;
  if (count >= 0) errno = ENOSPC;
  return -1;
}

static int write_new(const char *path, const char *text) {
  char fresh[PATH_MAX];
  snprintf(fresh, sizeof fresh, "%s.new", path);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  int failed = write_all(fd, text, strlen(text));
  if (close(fd) < 0) failed = -1;
  if (failed == 0 && rename(fresh, path) == 0) return 0;
  int error = errno;
  unlink(fresh);
  errno = error;
  return -1;
}

void life_write_live(const struct plan *plan, pid_t pid, uint64_t start_time, const char *cgroup) {
  char escaped[JSON_GROWTH * PATH_MAX + 1], text[sizeof escaped + 256];
  *json_escape(escaped, cgroup, strnlen(cgroup, PATH_MAX)) = '\0';
  moment_now(started);
  snprintf(text, sizeof text, "{\"pid\":%d,\"startTime\":%" PRIu64 ",\"monitorPid\":%d,\"startedAt\":\"%s\",\"cgroup\":\"%s\"}\n", pid, start_time,
           getpid(), started, escaped);
  if (write_new(plan->live_file, text) < 0) fail("lock", errno, plan->live_file, "", "write(%s)", plan->live_file);
}

/* On a full disk: the launcher has left a record of about this length, whose blocks are ours already. */
static int write_over(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int failed = write_all(fd, text, strlen(text));
  if (failed == 0) failed = ftruncate(fd, (off_t)strlen(text));
  close(fd);
  return failed;
}

void life_write_exit(const struct plan *plan, int code, bool oom_killed) {
  char finished[MOMENT_LENGTH + 1], text[256];
  moment_now(finished);
  snprintf(text, sizeof text, "{\"exitCode\":%d,\"oomKilled\":%s,\"startedAt\":\"%s\",\"finishedAt\":\"%s\",\"error\":\"\"}\n", code,
           oom_killed ? "true" : "false", started, finished);
  if (write_new(plan->exit_file, text) < 0 && write_over(plan->exit_file, text) < 0) {
    warn_of("log", errno, plan->exit_file, "the exit code is not recorded", "write(%s)", plan->exit_file);
  }
  unlink(plan->live_file);
}

void life_forget(const struct plan *plan) {
  unlink(plan->live_file);
  unlink(plan->exit_file);
}
