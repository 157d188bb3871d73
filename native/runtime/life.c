#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "json.h"
#include "moment.h"
#include "proc.h"
#include "report.h"

/* Of the run before, and of this one. */
static struct end {
  int code;
  bool oom_killed;
  char started[MOMENT_LENGTH + 1], finished[MOMENT_LENGTH + 1];
  uint64_t logged; /* journal_last() */
} last;
static char started[MOMENT_LENGTH + 1];
static uint64_t monitor_start;
static bool stopped;

#define NEVER "0001-01-01T00:00:00Z"
#define REASON_MAX 1024

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

/* On a full disk: somebody has left a record of about this length, whose blocks are ours already. */
static int write_over(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int failed = write_all(fd, text, strlen(text));
  if (failed == 0) failed = ftruncate(fd, (off_t)strlen(text));
  close(fd);
  return failed;
}

int life_replace(const char *path, const char *text) { return write_new(path, text) < 0 ? write_over(path, text) : 0; }

static void exit_record(char *text, size_t size, const struct end *end, const char *reason, uint64_t restarts) {
  char escaped[JSON_GROWTH * REASON_MAX + 1], log[128] = "";
  *json_escape(escaped, reason, strnlen(reason, REASON_MAX)) = '\0';
  /* Not of an end that others have to guess: they can't know what was written until then. */
  if (end->finished[0] != '\0' && strcmp(end->finished, NEVER) != 0 && *journal_epoch() != '\0') {
    snprintf(log, sizeof log, ",\"log\":{\"epoch\":\"%s\",\"last\":%" PRIu64 "}", journal_epoch(), end->logged);
  }
  snprintf(text, size, "{\"exitCode\":%d,\"oomKilled\":%s,\"startedAt\":\"%s\",\"finishedAt\":\"%s\",\"error\":\"%s\",\"restarts\":%" PRIu64
           ",\"stopped\":%s%s}",
           end->code, end->oom_killed ? "true" : "false", end->started, end->finished, escaped, restarts, stopped ? "true" : "false", log);
}

#define EXIT_RECORD_MAX (JSON_GROWTH * REASON_MAX + 384)

static int write_live(const struct plan *plan, pid_t pid, uint64_t start_time, const char *cgroup, uint64_t restarts, bool restarting) {
  char escaped[JSON_GROWTH * PATH_MAX + 1], before[EXIT_RECORD_MAX], text[sizeof escaped + sizeof before + 256];
  *json_escape(escaped, cgroup, strnlen(cgroup, PATH_MAX)) = '\0';
  if (restarts > 0) exit_record(before, sizeof before, &last, "", restarts);
  else strcpy(before, "null");
  if (monitor_start == 0) monitor_start = proc_start_time(getpid());
  snprintf(text, sizeof text,
           "{\"pid\":%d,\"startTime\":%" PRIu64 ",\"monitorPid\":%d,\"monitorStartTime\":%" PRIu64
           ",\"startedAt\":\"%s\",\"cgroup\":\"%s\",\"restarts\":%" PRIu64 ",\"restarting\":%s,\"last\":%s}\n",
           pid, start_time, getpid(), monitor_start, started, escaped, restarts, restarting ? "true" : "false", before);
  return restarting ? life_replace(plan->live_file, text) : write_new(plan->live_file, text);
}

void life_write_live(const struct plan *plan, pid_t pid, uint64_t start_time, const char *cgroup, uint64_t restarts) {
  moment_now(started);
  if (write_live(plan, pid, start_time, cgroup, restarts, false) < 0) fail("lock", errno, plan->live_file, "", "write(%s)", plan->live_file);
}

void life_write_restarting(const struct plan *plan, uint64_t restarts) {
  if (write_live(plan, 0, 0, "", restarts, true) < 0) warn_of("log", errno, plan->live_file, "", "write(%s)", plan->live_file);
}

static void write_exit(const struct plan *plan, const struct end *end, const char *reason, uint64_t restarts) {
  char text[EXIT_RECORD_MAX];
  exit_record(text, sizeof text, end, reason, restarts);
  if (life_replace(plan->exit_file, text) < 0) warn_of("log", errno, plan->exit_file, "the exit code is not recorded", "write(%s)", plan->exit_file);
}

void life_write_pid(const struct plan *plan, pid_t pid) {
  char text[16];
  snprintf(text, sizeof text, "%d\n", pid);
  int fd = open(plan->pidfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd < 0 || write_all(fd, text, strlen(text)) < 0) warn_of("log", errno, plan->pidfile, "", "write(%s)", plan->pidfile);
  if (fd >= 0) close(fd);
}

void life_stopped(void) { stopped = true; }

void life_write_exit(const struct plan *plan, int code, bool oom_killed, uint64_t restarts) {
  last.code = code;
  last.oom_killed = oom_killed;
  strcpy(last.started, started);
  moment_now(last.finished);
  last.logged = journal_last();
  write_exit(plan, &last, "", restarts);
}

void life_write_last_word(const struct plan *plan, uint64_t restarts) {
  struct end end = {.code = 255, .finished = NEVER};
  moment_now(end.started);
  write_exit(plan, &end, "the monitor was killed, or the machine went down", restarts);
}

void life_take_back(const struct plan *plan, const char *reason, uint64_t restarts) {
  write_exit(plan, &last, reason, restarts);
  life_over(plan);
}

void life_over(const struct plan *plan) { unlink(plan->live_file); }

void life_forget(const struct plan *plan) {
  unlink(plan->live_file);
  unlink(plan->exit_file);
}
