#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clients.h"
#include "events.h"
#include "json.h"
#include "life.h"
#include "moment.h"
#include "report.h"
#include "timer.h"

/* Docker keeps as many. */
#define LOG_MAX 5

static struct entry {
  char start[MOMENT_LENGTH + 1], end[MOMENT_LENGTH + 1];
  int code;
  char *output;
  size_t length;
} entries[LOG_MAX];
static size_t count;

enum status { STARTING, HEALTHY, UNHEALTHY };

static const char *const names[] = {[STARTING] = "starting", [HEALTHY] = "healthy", [UNHEALTHY] = "unhealthy"};

static void on_due(struct timer *timer);
static struct timer next = {.watch.fd = -1, .due = on_due};
static const struct plan *plan;
static struct check_target target;
static void (*when_unhealthy)(void);
static enum status status;
static unsigned long long streak;
static uint64_t began, check_began;
static char check_moment[MOMENT_LENGTH + 1];
static bool active;

/* cgroup.events: of processes that are frozen no check is to be had, which says nothing of their health. */
static void on_freezer(struct watch *watch, uint32_t events);
static struct watch freezer = {.fd = -1, .ready = on_freezer};
static bool frozen;
static bool interrupted; /* a check is to be done as soon as they go on */

static bool in_start_period(uint64_t moment) { return moment - began < plan->health.start_period; }

static void write_record(void) {
  size_t size = 128;
  for (size_t i = 0; i < count; i++) size += JSON_GROWTH * entries[i].length + 160;
  char *text = malloc(size), *out = text;
  if (text == NULL) return;
  out += sprintf(out, "{\"Status\":\"%s\",\"FailingStreak\":%llu,\"Log\":[", names[status], streak);
  for (size_t i = 0; i < count; i++) {
    const struct entry *entry = &entries[i];
    out += sprintf(out, "%s{\"Start\":\"%s\",\"End\":\"%s\",\"ExitCode\":%d,\"Output\":\"", i == 0 ? "" : ",", entry->start, entry->end, entry->code);
    out = json_escape(out, entry->output == NULL ? "" : entry->output, entry->length);
    out = stpcpy(out, "\"}");
  }
  strcpy(out, "]}\n");
  if (life_replace(plan->health.file, text) < 0) warn_of("log", errno, plan->health.file, "the health of the container is not recorded", "write(%s)", plan->health.file);
  free(text);
}

static void forget_log(void) {
  for (size_t i = 0; i < count; i++) free(entries[i].output);
  count = 0;
}

static struct entry *new_entry(void) {
  if (count == LOG_MAX) {
    free(entries[0].output);
    memmove(entries, entries + 1, (LOG_MAX - 1) * sizeof *entries);
    count--;
  }
  return memset(&entries[count++], 0, sizeof *entries);
}

static void wait_for_next(void) {
  bool quickly = status != HEALTHY && in_start_period(milliseconds_now());
  if (plan->health.interval > 0) timer_start(&next, quickly ? plan->health.start_interval : plan->health.interval);
}

static void check_now(void);

static void look_at_freezer(void) {
  char text[256];
  if (freezer.fd < 0) return;
  ssize_t length = pread(freezer.fd, text, sizeof text - 1, 0);
  if (length < 0) {
    loop_close(&freezer);
    return;
  }
  text[length] = '\0';
  bool now = strstr(text, "frozen 1") != NULL;
  if (now == frozen) return;
  frozen = now;
  if (frozen) {
    interrupted = check_running();
    timer_stop(&next);
    check_stop();
  } else if (interrupted) {
    check_now();
  } else {
    wait_for_next();
  }
}

static void on_freezer(struct watch *watch, uint32_t events) {
  (void)watch, (void)events;
  look_at_freezer();
}

/* The kernel tells of changes by EPOLLPRI. */
static void watch_freezer(const char *cgroup) {
  char path[PATH_MAX];
  frozen = interrupted = false;
  if (*cgroup == '\0' || (size_t)snprintf(path, sizeof path, "%s/cgroup.events", cgroup) >= sizeof path) return;
  freezer.fd = open(path, O_RDONLY | O_CLOEXEC);
  if (freezer.fd >= 0) loop_want(&freezer, EPOLLPRI);
}

static void on_done(int code, const char *output, size_t length) {
  look_at_freezer();
  if (frozen) {
    interrupted = true;
    return;
  }
  struct entry *entry = new_entry();
  strcpy(entry->start, check_moment);
  moment_now(entry->end);
  entry->code = code;
  entry->output = malloc(length + 1);
  if (entry->output != NULL) memcpy(entry->output, output, length), entry->length = length;
  enum status before = status;
  if (code == 0) {
    streak = 0;
    status = HEALTHY;
  } else if (status != STARTING || !in_start_period(check_began)) {
    if (++streak >= plan->health.retries) status = UNHEALTHY;
  }
  write_record();
  clients_answer(code == 0 ? HEALTH_PASSED : HEALTH_FAILED);
  wait_for_next();
  if (status == before) return;
  char action[32];
  snprintf(action, sizeof action, "health_status: %s", names[status]);
  event_append(plan, action, "");
  if (status == UNHEALTHY) when_unhealthy();
}

static void check_now(void) {
  timer_stop(&next);
  check_began = milliseconds_now();
  moment_now(check_moment);
  check_start(plan, &target, plan->health.timeout, on_done);
}

static void on_due(struct timer *timer) {
  (void)timer;
  look_at_freezer();
  if (active && !frozen && !check_running()) check_now();
}

void health_start(const struct plan *the_plan, const struct check_target *the_target, void (*unhealthy)(void)) {
  plan = the_plan;
  if (plan->health.plan_length == 0) return;
  target = *the_target;
  when_unhealthy = unhealthy;
  active = true;
  began = milliseconds_now();
  status = STARTING;
  streak = 0;
  forget_log();
  write_record();
  watch_freezer(target.cgroup);
  wait_for_next();
}

void health_stop(void) {
  if (!active) return;
  active = false;
  loop_close(&freezer);
  timer_stop(&next);
  check_stop();
  /* For those who only look at this, as with Docker. */
  status = UNHEALTHY;
  write_record();
}

void health_ask(struct client *client) {
  uint32_t none = HEALTH_NO_CHECK;
  if (!active) {
    client_send(client, FRAME_HEALTH, &none, sizeof none);
    client_leave(client);
    return;
  }
  client->asks = true;
  look_at_freezer();
  if (frozen) interrupted = true;
  else if (!check_running()) check_now();
}
