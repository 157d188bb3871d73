#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "children.h"
#include "cleanup.h"
#include "clients.h"
#include "launch.h"
#include "life.h"
#include "lock.h"
#include "log.h"
#include "loop.h"
#include "network.h"
#include "records.h"
#include "report.h"
#include "status.h"
#include "streams.h"
#include "verbs.h"

static const struct plan *plan;
static bool started;

static void undo(void) {
  launch_undo();
  network_undo();
  clients_refuse();
  cgroup_remove();
  life_forget(plan);
}

/* A logout or a shutdown: the container is asked to end, and its end is recorded. */
static void on_signal(int signal) {
  if (!started) fail("namespace", EINTR, "", "", "the monitor was ended by signal %d during the start", signal);
  if (launch_process.ended) clients_abandon();
  else kill(launch_process.pid, SIGTERM);
}

static void on_timeout(struct watch *watch, uint32_t events) {
  (void)events;
  loop_close(watch);
  if (!launch_process.ended) kill(launch_process.pid, SIGKILL);
}

static void set_timeout(uint64_t milliseconds) {
  static struct watch timer = {.fd = -1, .ready = on_timeout};
  if (milliseconds == 0) return;
  struct itimerspec time = {.it_value = {.tv_sec = (time_t)(milliseconds / 1000), .tv_nsec = (long)(milliseconds % 1000 * 1000000)}};
  timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer.fd < 0 || timerfd_settime(timer.fd, 0, &time, NULL) < 0) fail("namespace", errno, "", "", "timerfd_settime()");
  loop_want(&timer, EPOLLIN);
}

static void start(void) {
  if (plan->cgroup_mode == CGROUP_SCOPE) status_wait_for_go();
  cgroup_make(plan);
  log_open(plan);
  clients_open(plan);
  launch(plan);
  life_write_live(plan, launch_process.pid, launch_process.start_time, cgroup_directory());
  set_timeout(plan->timeout);
  report_undo = NULL;
  started = true;
  status_started(launch_process.pid, launch_process.start_time, cgroup_directory());
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

/* In this order: who hears of the end by the socket or by the lock finds everything else done. */
static void finish(void) {
  if (!own_pid_namespace()) {
    /* With a pid namespace of its own, all have ended before the first process could be reaped. */
    cgroup_kill();
    children_kill_strays();
  }
  streams_drain();
  network_stop();
  launch_finish();
  int code = children_code(&launch_process);
  bool oom_killed = cgroup_oom_killed();
  life_write_exit(plan, code, oom_killed);
  clients_refuse();
  cgroup_remove();
  lock_release();
  clients_exit(code);
  status_exited(code, oom_killed);
  for (clients_settle(); clients_left(); clients_settle()) loop_turn(-1);
  network_bury();
}

void run_main(const struct plan *the_plan) {
  plan = the_plan;
  prctl(PR_SET_NAME, "lichen-monitor");
  loop_open();
  children_open(on_signal);
  lock_take(plan->lock_file);
  report_undo = undo;
  /* What a process in the host's pid namespace leaves behind comes to us, and is ended with it. */
  if (!own_pid_namespace()) prctl(PR_SET_CHILD_SUBREAPER, 1);
  start();
  watch_over();
  finish();
  cleanup(plan);
}
