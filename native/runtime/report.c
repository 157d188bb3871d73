#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"
#include "records.h"

int report_fd = FD_STATUS;
void (*report_undo)(void);

void report_send(int fd, const void *record, size_t length) {
  const char *at = record;
  while (fd >= 0 && length > 0) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;
    at += sent;
    length -= (size_t)sent;
  }
}

static void say(enum status_tag tag, const char *stage, int error, const char *subject, const char *detail, const char *call, va_list arguments) {
  char words[1024], record[REPORT_MAX];
  vsnprintf(words, sizeof words, call, arguments);
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  record_s(&writer, stage, 32);
  record_u(&writer, (uint64_t)error);
  record_s(&writer, words, sizeof words);
  record_s(&writer, subject, 2048);
  record_s(&writer, detail, 3072);
  report_send(report_fd, record, record_end(&writer));
}

void fail(const char *stage, int error, const char *subject, const char *detail, const char *call, ...) {
  va_list arguments;
  va_start(arguments, call);
  /* First take back, then speak: when the launcher hears of it, nothing is left. */
  if (report_undo != NULL) report_undo();
  say(STATUS_FAILED, stage, error, subject, detail, call, arguments);
  va_end(arguments);
  _exit(125);
}

void warn_of(const char *stage, int error, const char *subject, const char *detail, const char *call, ...) {
  va_list arguments;
  va_start(arguments, call);
  say(STATUS_WARNING, stage, error, subject, detail, call, arguments);
  va_end(arguments);
}
