#include "log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "journal.h"
#include "json.h"
#include "logfile.h"
#include "moment.h"
#include "report.h"

#define PIECE_MAX 16384
/* What a line has around its text, at most. */
#define FRAME 96

static uint64_t driver;
static const char *extra;
static size_t extra_length;

static struct pending {
  size_t length;
  char bytes[PIECE_MAX];
} pending[2];

static const char *const names[] = {[LOG_STDOUT] = "stdout", [LOG_STDERR] = "stderr"};

static char *put(char *out, const char *text) { return stpcpy(out, text); }

static void json_line(enum log_stream stream, const char *now, const char *bytes, size_t length, bool whole) {
  char *start = logfile_reserve(JSON_GROWTH * length + FRAME + extra_length), *out = put(start, "{\"log\":\"");
  out = json_escape(out, bytes, length);
  out = put(out, whole ? "\\n\",\"stream\":\"" : "\",\"stream\":\"");
  out = put(put(out, names[stream]), "\",");
  if (extra_length > 0) out = mempcpy(out, extra, extra_length);
  out = put(out, "\"time\":\"");
  out = put(put(out, now), "\"}\n");
  logfile_commit((size_t)(out - start));
}

static void k8s_line(enum log_stream stream, const char *now, const char *bytes, size_t length, bool whole) {
  char *start = logfile_reserve(length + FRAME), *out = put(put(start, now), " ");
  out = put(put(out, names[stream]), whole ? " F " : " P ");
  out = mempcpy(out, bytes, length);
  *out++ = '\n';
  logfile_commit((size_t)(out - start));
}

static void line(enum log_stream stream, const char *now, const char *bytes, size_t length, bool whole) {
  if (driver == LOG_JSON_FILE) json_line(stream, now, bytes, length, whole);
  else if (driver == LOG_JOURNALD) journal_write(stream == LOG_STDERR, now, bytes, length, whole);
  else k8s_line(stream, now, bytes, length, whole);
}

void log_open(const struct plan *plan) {
  driver = plan->log_driver == LOG_PASSTHROUGH ? LOG_NONE : plan->log_driver;
  extra = plan->log_extra;
  extra_length = plan->log_extra_length;
  if (driver == LOG_JSON_FILE && JSON_GROWTH * PIECE_MAX + FRAME + extra_length > LOGFILE_ENTRY_MAX) {
    fail("log", E2BIG, "", "the attributes of the log are too long", "log_open()");
  }
  if (driver == LOG_JOURNALD) journal_open(plan->log_path, extra, extra_length);
  else if (driver != LOG_NONE) logfile_open(plan->log_path, plan->log_max_size, plan->log_max_files);
}

void log_write(enum log_stream stream, const char *bytes, size_t length) {
  if (driver == LOG_NONE) return;
  struct pending *rest = &pending[stream];
  char now[MOMENT_LENGTH + 1];
  moment_now(now);
  while (length > 0) {
    size_t room = PIECE_MAX - rest->length, within = length < room ? length : room;
    const char *newline = memchr(bytes, '\n', within);
    size_t taken = newline != NULL ? (size_t)(newline - bytes) : within;
    bool piece = newline != NULL || taken == room;
    if (piece && rest->length == 0) {
      line(stream, now, bytes, taken, newline != NULL);
    } else {
      memcpy(rest->bytes + rest->length, bytes, taken);
      rest->length += taken;
      if (piece) {
        line(stream, now, rest->bytes, rest->length, newline != NULL);
        rest->length = 0;
      }
    }
    taken += newline != NULL;
    bytes += taken;
    length -= taken;
  }
  logfile_flush();
}

void log_end(enum log_stream stream) {
  struct pending *rest = &pending[stream];
  if (driver == LOG_NONE || rest->length == 0) return;
  char now[MOMENT_LENGTH + 1];
  moment_now(now);
  line(stream, now, rest->bytes, rest->length, false);
  rest->length = 0;
  logfile_flush();
}
