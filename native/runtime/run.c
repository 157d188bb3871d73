#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "amendment.h"
#include "cgroup.h"
#include "children.h"
#include "cleanup.h"
#include "clients.h"
#include "events.h"
#include "health.h"
#include "launch.h"
#include "life.h"
#include "lock.h"
#include "log.h"
#include "loop.h"
#include "mounts.h"
#include "network.h"
#include "report.h"
#include "restart.h"
#include "status.h"
#include "streams.h"
#include "timer.h"
#include "trace.h"
#include "verbs.h"

static const struct plan *plan;
static bool started; /* the program has been executed, and its end is not recorded yet */
static bool over;    /* somebody wants the container to end for good */
static bool forced;  /* it is to be started again, whatever the policy */
static bool lingering; /* it has, and some clients have not taken all of it */
static struct restart restart;
static uint64_t start_moment;

static void on_timeout(struct timer *timer);
static void on_back_off(struct timer *timer);
static struct timer timeout = {.watch.fd = -1, .due = on_timeout}, back_off = {.watch.fd = -1, .due = on_back_off};

static void undo_launch(void) {
  launch_undo();
  network_undo();
  clients_refuse();
  cgroup_remove();
}

static void undo(void) {
  undo_launch();
  life_forget(plan);
}

/* A start again that has failed, or is not wanted any more: the last end was the end. */
static void undo_restart(void) {
  undo_launch();
  life_take_back(plan, over ? "" : report_reason, restart.count);
}

/*
 * A logout or a shutdown: the container is asked to end, and its end is recorded. SIGUSR1: somebody ends the container himself, and it is
 * not to be started again.
 */
static void on_signal(int signal) {
  over = true;
  if (signal == SIGUSR1) life_stopped();
  if (lingering) clients_abandon();
  else if (started && signal != SIGUSR1 && !launch_process.ended) kill(launch_process.pid, SIGTERM);
  else if (!started && back_off.watch.fd < 0) fail("namespace", EINTR, "", "", "the monitor was ended by signal %d during the start", signal);
}

static void on_timeout(struct timer *timer) {
  (void)timer;
  if (!launch_process.ended) kill(launch_process.pid, SIGKILL);
}

static void on_unhealthy(void) {
  if (launch_process.ended) return;
  switch ((enum health_action)plan->health.action) {
    case HEALTH_NOTHING: return;
    case HEALTH_KILL: kill(launch_process.pid, SIGKILL); return;
    case HEALTH_RESTART: forced = true; break;
    case HEALTH_STOP: over = true; break;
  }
  kill(launch_process.pid, (int)plan->stop_signal);
  timer_start(&timeout, plan->stop_timeout);
}

/* The loop that waits for it looks itself. */
static void on_back_off(struct timer *timer) { (void)timer; }

static void start(void) {
  cgroup_make(plan);
  trace_phase("cgroup");
  launch(plan);
  start_moment = milliseconds_now();
  life_write_live(plan, launch_process.pid, launch_process.start_time, cgroup_directory(), restart.count);
  if (plan->timeout > 0) timer_start(&timeout, plan->timeout);
  started = true;
  const struct check_target target = {launch_process.pid, launch_process.start_time, cgroup_directory()};
  health_start(plan, &target, on_unhealthy);
  trace_phase("live record");
}

static void tell_start(void) {
  events_append_fixed(plan, EVENT_START);
  event_append(plan, "start", "");
}

static void tell_end(int code, bool oom_killed) {
  char more[96];
  if (oom_killed) event_append(plan, "oom", "");
  unsigned long long seconds = (milliseconds_now() - start_moment) / 1000;
  snprintf(more, sizeof more, ",\"exitCode\":\"%d\",\"execDuration\":\"%llu\"", code, seconds);
  event_append(plan, "die", more);
  events_append_fixed(plan, EVENT_END);
}

static void start_first(void) {
  report_undo = undo;
  if (plan->cgroup_mode == CGROUP_SCOPE) status_wait_for_go();
  log_open(plan);
  clients_open(plan);
  trace_phase("lock, log, sockets");
  start();
  report_undo = NULL;
  /* What the launcher tells when it has heard of the start comes behind it. */
  tell_start();
  trace_phase("event of the start");
  trace_tell();
  status_started(launch_process.pid, launch_process.start_time, cgroup_directory());
}

/* As the first time, and with nothing of it left but what was written: new namespaces, mounts, network, cgroup. */
static void start_again(void) {
  report_undo = undo_restart;
  life_write_last_word(plan, restart.count);
  network_forget();
  children_forget();
  mounts_again();
  clients_listen(plan);
  start();
  report_undo = NULL;
  if (plan->pidfile != NULL) life_write_pid(plan, launch_process.pid);
  tell_start();
  /* Who saw that it was about to start, and said that it should not, has seen no process that he could have ended. */
  children_hear();
  if (over) kill(launch_process.pid, SIGKILL);
}

static bool own_pid_namespace(void) { return (plan->namespaces & CLONE_NEWPID) != 0; }

static void watch_over(void) {
  children_reap_all();
  streams_start();
  for (clients_settle(); !launch_process.ended; clients_settle()) {
    streams_balance();
    loop_turn(-1);
  }
}

/* In this order: who hears of the end by the socket or by the records finds everything else done. True: it is to be started again. */
static bool finish(void) {
  trace_phase("wait for its end");
  timer_stop(&timeout);
  health_stop();
  if (!own_pid_namespace()) {
    /* With a pid namespace of its own, all have ended before the first process could be reaped. */
    cgroup_kill();
    children_kill_strays();
  }
  streams_drain();
  trace_phase("last output");
  network_stop();
  launch_finish();
  trace_phase("end of the helpers");
  int code = children_code(&launch_process);
  bool oom_killed = cgroup_oom_killed();
  children_hear();
  const struct amendment now = amendment_now(plan);
  bool again = !over && restart_due(&restart, &now, code, milliseconds_now() - start_moment, forced);
  forced = false;
  life_write_exit(plan, code, oom_killed, restart.count);
  tell_end(code, oom_killed);
  clients_refuse();
  cgroup_remove();
  if (again) life_write_restarting(plan, restart.count);
  else life_over(plan), lock_release();
  started = false;
  clients_exit(code);
  trace_phase("records of the end");
  trace_tell();
  status_exited(code, oom_killed);
  /* Who has heard of one end goes; nobody reads of the next. */
  if (again) status_close();
  return again;
}

static bool wait_to_restart(void) {
  timer_start(&back_off, restart.delay);
  for (clients_settle(); !over && back_off.watch.fd >= 0; clients_settle()) loop_turn(-1);
  if (!over) return true;
  timer_stop(&back_off);
  life_take_back(plan, "", restart.count);
  lock_release();
  return false;
}

void run_main(const struct plan *the_plan) {
  plan = the_plan;
  prctl(PR_SET_NAME, "lichen-monitor");
  loop_open();
  children_open(on_signal);
  lock_take(plan->lock_file);
  /* What a process in the host's pid namespace leaves behind comes to us, and is ended with it. */
  if (!own_pid_namespace()) prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (start_first(); watch_over(), finish() && wait_to_restart(); start_again()) {
  }
  lingering = true;
  for (clients_settle(); clients_left(); clients_settle()) loop_turn(-1);
  network_bury();
  cleanup(plan);
}
