#include "events.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amendment.h"
#include "moment.h"

/* lib/events/log.ts has the same. */
#define LOG_MAX (1 << 20)

/* Whoever finds it too long moves it out of the way, one at a time; who has it open still writes to the old one, which is read too. */
static void rotate(const char *path, int fd) {
  struct stat ours, there;
  char old[PATH_MAX];
  if (fstat(fd, &ours) < 0 || ours.st_size < LOG_MAX || flock(fd, LOCK_EX | LOCK_NB) < 0) return;
  if (stat(path, &there) < 0 || there.st_ino != ours.st_ino || (size_t)snprintf(old, sizeof old, "%s.1", path) >= sizeof old) return;
  (void)!rename(path, old);
}

/* In one write, which O_APPEND puts behind all others. The line end in front ends what a full disk has left of somebody else's line. */
static void append(const char *path, const char *line, size_t length) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  (void)!write(fd, line, length);
  rotate(path, fd);
  close(fd);
}

static void append_line(const struct plan *plan, const char *head, const char *more, const char *tail) {
  char now[MOMENT_LENGTH + 1], *line;
  moment_now(now);
  int length = asprintf(&line, "\n{\"time\":\"%s\",%s%s%s}\n", now, head, more, tail);
  if (length < 0) return;
  append(plan->event_log, line, (size_t)length);
  free(line);
}

void event_append(const struct plan *plan, const char *action, const char *more) {
  char tail[64];
  if (plan->event_log == NULL) return;
  snprintf(tail, sizeof tail, "},\"action\":\"%s\"", action);
  append_line(plan, amendment_now(plan).event_head, more, tail);
}

void events_append_fixed(const struct plan *plan, enum event_phase phase) {
  for (size_t i = 0; plan->event_log != NULL && i < plan->fixed_events.count; i++) {
    if (plan->fixed_events.at[i].phase == phase) append_line(plan, plan->fixed_events.at[i].members, "", "");
  }
}
