#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "children.h"
#include "helper.h"
#include "loop.h"
#include "records.h"
#include "report.h"
#include "sessions.h"
#include "timer.h"

/* For a supervisor to end whose process is dead. */
#define GRACE 2000

static void on_frames(struct watch *watch, uint32_t events);
static void on_status(struct watch *watch, uint32_t events);
static void on_end(struct child *child);
static void on_late(struct timer *timer);

static struct child supervisor = {.on_end = on_end, .ended = true};
static struct watch client = {.fd = -1, .ready = on_frames}, status = {.fd = -1, .ready = on_status};
static struct timer patience = {.watch.fd = -1, .due = on_late};
static check_done *when_done;
static uint64_t allowed;
static bool late, failed;
static int code;
static char output[CHECK_OUTPUT_MAX + 4];
static size_t output_length;
/* The frame that is being read: its head, then the rest of its payload. */
static uint32_t head[2], left;
static size_t head_length;

bool check_running(void) { return !supervisor.ended; }

static void add_output(const char *bytes, size_t length) {
  size_t room = CHECK_OUTPUT_MAX - output_length;
  if (output_length > CHECK_OUTPUT_MAX) return;
  memcpy(output + output_length, bytes, length < room ? length : room);
  output_length += length < room ? length : room;
  if (length > room) memcpy(output + output_length, "...", 3), output_length += 3;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
  char words[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  add_output(words, strlen(words));
}

/* The plan of an exec, with what is not known before the container runs behind it: the last record of a kind counts. */
static int make_plan(const struct plan *plan, const struct check_target *target) {
  char records[8192];
  struct writer writer;
  record_begin(&writer, records, sizeof records, PLAN_TARGET);
  record_u(&writer, (uint64_t)target->pid);
  record_u(&writer, target->start_time);
  size_t length = record_end(&writer);
  if (*target->cgroup != '\0') {
    record_begin(&writer, records + length, sizeof records - length, PLAN_CGROUP);
    record_u(&writer, CGROUP_DIRECTORY);
    record_s(&writer, target->cgroup, 4096);
    length += record_end(&writer);
  }
  int fd = memfd_create("lichen-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  if (write(fd, plan->health.plan, plan->health.plan_length) == (ssize_t)plan->health.plan_length && write(fd, records, length) == (ssize_t)length &&
      fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

static int start(const struct plan *plan, const struct check_target *target) {
  static const char *const argv[] = {"/proc/self/exe", "exec", NULL};
  int status_ends[2] = {-1, -1}, client_ends[2] = {-1, -1}, fd = make_plan(plan, target);
  pid_t pid = -1;
  if (fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, status_ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client_ends) == 0) {
    const struct helper_fd fds[] = {{FD_PLAN, fd}, {FD_STATUS, status_ends[1]}, {FD_CLIENT, client_ends[1]}};
    pid = helper_start(argv, fds, sizeof fds / sizeof *fds);
  }
  int error = errno;
  if (fd >= 0) close(fd);
  if (status_ends[1] >= 0) close(status_ends[1]);
  if (client_ends[1] >= 0) close(client_ends[1]);
  if (pid < 0) {
    if (status_ends[0] >= 0) close(status_ends[0]);
    if (client_ends[0] >= 0) close(client_ends[0]);
    return errno = error, -1;
  }
  status.fd = status_ends[0];
  client.fd = client_ends[0];
  loop_want(&status, EPOLLIN);
  loop_want(&client, EPOLLIN);
  children_track(&supervisor, pid);
  return 0;
}

void check_start(const struct plan *plan, const struct check_target *target, uint64_t timeout, check_done *done) {
  when_done = done;
  allowed = timeout;
  late = failed = false;
  code = -1;
  output_length = head_length = 0;
  supervisor = (struct child){.on_end = on_end};
  if (start(plan, target) < 0) {
    supervisor.ended = true;
    say("the check could not be started: %s", strerror(errno));
    done(-1, output, output_length);
    return;
  }
  if (timeout > 0) timer_start(&patience, timeout);
}

static void on_late(struct timer *timer) {
  sessions_kill(supervisor.pid);
  if (late) kill(supervisor.pid, SIGKILL);
  late = true;
  timer_start(timer, GRACE);
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void parse(const char *at, size_t length) {
  while (length > 0) {
    size_t part;
    if (head_length < sizeof head) {
      part = smaller(sizeof head - head_length, length);
      memcpy((char *)head + head_length, at, part);
      head_length += part;
      left = head[1];
    } else {
      part = smaller(left, length);
      if (head[0] == FRAME_STDOUT || head[0] == FRAME_STDERR) add_output(at, part);
      if (head[0] == FRAME_EXIT && part == 4) memcpy(&code, at, sizeof code);
      left -= (uint32_t)part;
    }
    at += part;
    length -= part;
    if (head_length == sizeof head && left == 0) head_length = 0;
  }
}

static void on_frames(struct watch *watch, uint32_t events) {
  (void)events;
  char bytes[4096];
  ssize_t count = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count > 0) parse(bytes, (size_t)count);
  else if (count == 0 || (errno != EAGAIN && errno != EINTR)) loop_close(watch);
  /* The supervisor waits until its client goes. */
  if (code >= 0) loop_close(watch);
}

/* Of the records only a failure is of interest, and it is the only one that is longer than a head of 8 bytes and three numbers. */
static void on_status(struct watch *watch, uint32_t events) {
  (void)events;
  char bytes[REPORT_MAX];
  ssize_t count = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count <= 0) {
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) loop_close(watch);
    return;
  }
  struct records records = {.at = bytes, .end = bytes + count};
  struct record record;
  while (records_next(&records, &record)) {
    if (record.tag != STATUS_FAILED) continue;
    struct fields *fields = &record.fields;
    field_s(fields);
    int error = (int)field_u(fields);
    const char *call = field_s(fields), *subject = field_s(fields), *detail = field_s(fields);
    failed = true;
    say("%s: %s", *subject != '\0' ? subject : call, *detail != '\0' ? detail : strerror(error));
  }
}

static void on_end(struct child *child) {
  (void)child;
  timer_stop(&patience);
  while (client.fd >= 0 && recv(client.fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) > 0) on_frames(&client, 0);
  while (status.fd >= 0 && recv(status.fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) > 0) on_status(&status, 0);
  loop_close(&client);
  loop_close(&status);
  if (when_done == NULL) return;
  if (late) {
    char said[sizeof output];
    size_t length = output_length;
    memcpy(said, output, length);
    output_length = 0;
    unsigned long long ms = allowed;
    if (ms < 1000) say("Health check exceeded timeout (%llums)", ms);
    else if (ms < 60000) say("Health check exceeded timeout (%llus)", ms / 1000);
    else say("Health check exceeded timeout (%llum%llus)", ms / 60000, ms / 1000 % 60);
    if (length > 0) add_output(": ", 2), add_output(said, length);
    code = -1;
  } else if (code < 0 && !failed) {
    say("the supervisor of the check was killed");
  }
  when_done(code, output, output_length);
}

void check_stop(void) {
  when_done = NULL;
  if (!check_running()) return;
  sessions_kill(supervisor.pid);
  kill(supervisor.pid, SIGKILL);
  children_wait(&supervisor, GRACE);
  timer_stop(&patience);
}
