/* The monitor's side of the status socket, but for failures (report.h). */
#ifndef LICHEN_STATUS_H
#define LICHEN_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

void status_started(pid_t pid, uint64_t start_time, const char *cgroup);
void status_exited(int code, bool oom_killed);

/* The launcher is told no more, and waited for no more. */
void status_close(void);

/* Waits until the service manager has placed this process. Fails in stage "cgroup" where the launcher goes before. */
void status_wait_for_go(void);

/* Waits for the launcher's last word: CONTROL_CLEANED or CONTROL_DISCARDED; 0 where it has gone without. */
uint32_t status_wait_for_cleaned(void);

#endif
