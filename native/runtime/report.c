#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"
#include "records.h"

#define WORDS_MAX 1024

int report_fd = FD_STATUS;
void (*report_undo)(void);
static char reason[1024];
const char *report_reason = reason;

void report_explain(int error, const char *call, const char *detail) {
  snprintf(reason, sizeof reason, "%s: %s", call, *detail != '\0' ? detail : strerror(error));
}

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

static void say(enum status_tag tag, const char *stage, int error, const char *subject, const char *detail, const char *words) {
  char record[REPORT_MAX];
  struct writer writer;
  record_begin(&writer, record, sizeof record, tag);
  record_s(&writer, stage, 32);
  record_u(&writer, (uint64_t)error);
  record_s(&writer, words, WORDS_MAX);
  record_s(&writer, subject, 2048);
  record_s(&writer, detail, 3072);
  report_send(report_fd, record, record_end(&writer));
}

void fail(const char *stage, int error, const char *subject, const char *detail, const char *call, ...) {
  char words[WORDS_MAX];
  va_list arguments;
  va_start(arguments, call);
  vsnprintf(words, sizeof words, call, arguments);
  va_end(arguments);
  /* First take back, then speak: when the launcher hears of it, nothing is left. */
  if (report_undo != NULL) {
    report_explain(error, words, detail);
    report_undo();
  }
  say(STATUS_FAILED, stage, error, subject, detail, words);
  _exit(125);
}

void warn_of(const char *stage, int error, const char *subject, const char *detail, const char *call, ...) {
  char words[WORDS_MAX];
  va_list arguments;
  va_start(arguments, call);
  vsnprintf(words, sizeof words, call, arguments);
  va_end(arguments);
  say(STATUS_WARNING, stage, error, subject, detail, words);
}
