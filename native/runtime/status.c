#include "status.h"

#include <errno.h>
#include <sys/socket.h>

#include "protocol.h"
#include "records.h"
#include "report.h"

void status_started(pid_t pid, uint64_t start_time, const char *cgroup) {
  char record[8192];
  struct writer writer;
  record_begin(&writer, record, sizeof record, STATUS_STARTED);
  record_u(&writer, (uint64_t)pid);
  record_u(&writer, start_time);
  record_s(&writer, cgroup, 4096);
  report_send(FD_STATUS, record, record_end(&writer));
}

void status_exited(int code, bool oom_killed) {
  char record[32];
  struct writer writer;
  record_begin(&writer, record, sizeof record, STATUS_EXITED);
  record_u(&writer, (uint64_t)code);
  record_u(&writer, oom_killed);
  report_send(FD_STATUS, record, record_end(&writer));
}

void status_close(void) { shutdown(FD_STATUS, SHUT_RDWR); }

/* 0: the launcher has gone. Control records have no fields. */
static uint32_t next_control(void) {
  uint32_t record[2];
  ssize_t count;
  do count = recv(FD_STATUS, record, sizeof record, MSG_WAITALL);
  while (count < 0 && errno == EINTR);
  return count == sizeof record ? record[0] : 0;
}

void status_wait_for_go(void) {
  if (next_control() != CONTROL_GO) fail("cgroup", ECONNRESET, "", "the launcher ended before the monitor was in its scope", "recv(status)");
}

uint32_t status_wait_for_cleaned(void) {
  for (;;) {
    uint32_t tag = next_control();
    if (tag != CONTROL_GO) return tag;
  }
}
