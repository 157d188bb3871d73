#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroup.h"
#include "children.h"
#include "clients.h"
#include "events.h"
#include "launch.h"
#include "loop.h"
#include "report.h"
#include "status.h"
#include "streams.h"
#include "trace.h"
#include "verbs.h"

static bool started;

static void on_signal(int signal) {
  if (!started) fail("namespace", EINTR, "", "", "the supervisor was ended by signal %d during the start", signal);
  if (launch_process.ended) clients_abandon();
  else kill(launch_process.pid, SIGTERM);
}

/*
 * The supervisor stays outside, holds the streams, and ends with the process; nobody's going ends it or the process, as with Docker. No
 * lock, no log, no record: what runs by `exec` is known to its client only.
 */
void exec_main(const struct plan *plan) {
  prctl(PR_SET_NAME, "lichen-exec");
  loop_open();
  children_open(on_signal);
  report_undo = launch_undo;
  if (plan->cgroup_mode == CGROUP_SCOPE) status_wait_for_go();
  cgroup_visit(plan);
  clients_open(plan);
  trace_phase("cgroup, sockets");
  launch(plan);
  report_undo = NULL;
  started = true;
  trace_tell();
  status_started(launch_process.pid, launch_process.start_time, plan->cgroup_path == NULL ? "" : plan->cgroup_path);
  streams_start();
  for (clients_settle(); !launch_process.ended; clients_settle()) {
    streams_balance();
    loop_turn(-1);
  }
  trace_phase("wait for its end");
  streams_drain();
  int code = children_code(&launch_process);
  char more[32];
  snprintf(more, sizeof more, ",\"exitCode\":\"%d\"", code);
  event_append(plan, "exec_die", more);
  clients_exit(code);
  trace_phase("last output, event of the end");
  trace_tell();
  status_exited(code, false);
  for (clients_settle(); clients_left(); clients_settle()) loop_turn(-1);
  _exit(0);
}
