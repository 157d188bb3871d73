#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "clone.h"
#include "idmap.h"
#include "loop.h"
#include "network.h"
#include "report.h"
#include "stage.h"
#include "streams.h"
#include "sync.h"
#include "trace.h"
#include "visit.h"

/* Of a network helper that does not get ready on a machine that is very busy. */
#define NETWORK_TIMEOUT 60000
/* Of a fuse-overlayfs that has much to write back. */
#define FUSE_TIMEOUT 60000

struct child launch_process;
static struct child between, fuse; /* the stage or the visit; fuse-overlayfs */
static int fuse_pidfd = -1;
static const struct plan *plan;
static uint64_t network_since;
static bool network_ready, told_ready, executed;

static void on_packet(struct watch *watch, uint32_t events);
static struct watch sync_socket = {.fd = -1, .ready = on_packet};

/* The container's first process is there and mapped, and so is the network: it may go on to its execve. */
static void tell_ready(void) {
  if (plan->verb != VERB_RUN || told_ready || !network_ready || launch_process.pid == 0) return;
  told_ready = true;
  sync_send(sync_socket.fd, SYNC_READY, -1, "namespace");
}

static void on_network_ready(void) {
  network_ready = true;
  trace_span("network", network_since);
  tell_ready();
}

static void map(pid_t pid) {
  uint64_t since = trace_now();
  idmap_write(plan, pid);
  trace_span("id maps", since);
  sync_send(sync_socket.fd, SYNC_MAPPED, -1, "namespace");
}

/* What a process between has cloned is our child: it can't be another one before it is reaped. */
static void on_process(pid_t pid) {
  children_track(&launch_process, pid);
  bool mapped_by_stage = plan->rootfs_kind == ROOTFS_FUSE_OVERLAYFS;
  if (plan->verb == VERB_RUN && !mapped_by_stage && (plan->namespaces & CLONE_NEWUSER) != 0) map(pid);
  tell_ready();
}

static void on_fuse(pid_t pid, int pidfd) {
  fuse_pidfd = pidfd;
  children_track(&fuse, pid);
}

static _Noreturn void relay_failure(const struct sync_packet *packet) {
  if (report_undo != NULL) {
    struct fields fields = packet->record.fields;
    field_s(&fields);
    int error = (int)field_u(&fields);
    const char *call = field_s(&fields);
    field_s(&fields);
    report_explain(error, call, field_s(&fields));
    report_undo();
  }
  report_send(report_fd, packet->bytes, packet->length);
  _exit(125);
}

/* Nobody holds the other end any more: the program has been executed, or its process is dead. */
static void on_end_of_sync(void) {
  loop_close(&sync_socket);
  executed = launch_process.pid != 0 && (told_ready || plan->verb == VERB_EXEC);
  if (executed) return;
  struct child *last = launch_process.pid != 0 ? &launch_process : &between;
  children_wait(last, 1000);
  bool signaled = last->ended && WIFSIGNALED(last->status);
  fail("namespace", 0, "", "", "the container's process ended by %s %d before its program could be executed", signaled ? "signal" : "exit code",
       !last->ended ? 0 : signaled ? WTERMSIG(last->status) : WEXITSTATUS(last->status));
}

static void on_packet(struct watch *watch, uint32_t events) {
  (void)events;
  struct sync_packet packet;
  if (!sync_receive(watch->fd, &packet)) return;
  if (packet.length == 0) {
    on_end_of_sync();
    return;
  }
  struct fields *fields = &packet.record.fields;
  switch (packet.record.tag) {
    case STATUS_FAILED: relay_failure(&packet);
    case STATUS_WARNING: report_send(report_fd, packet.bytes, packet.length); break;
    case SYNC_CONSOLE: streams_console(packet.fds[0]), packet.fds[0] = -1; break;
    case SYNC_UNSHARED: map(between.pid); break;
    case SYNC_CHILD: on_process((pid_t)field_u(fields)); break;
    case SYNC_HELPER: on_fuse((pid_t)field_u(fields), packet.fds[0]), packet.fds[0] = -1; break;
    case SYNC_NAMESPACES: network_since = trace_now(), network_start(plan, packet.fds[0], packet.fds[1], on_network_ready); break;
    default: fail("namespace", EPROTO, "", "", "recvmsg(sync, %u)", packet.record.tag);
  }
  for (int i = 0; i < 2; i++) {
    if (packet.fds[i] >= 0) close(packet.fds[i]);
  }
}

static void clone_container(const struct child_io *io) {
  bool new_user = (plan->namespaces & CLONE_NEWUSER) != 0;
  if (stage_needed(plan)) {
    pid_t pid = clone_process(stage_flags(plan), -1);
    if (pid == 0) stage_main(plan, io, cgroup_fd());
    children_track(&between, pid);
    if ((stage_flags(plan) & CLONE_NEWUSER) != 0) map(pid);
    return;
  }
  /* The cgroup namespace is unshared inside: made here, its root would be our cgroup. */
  pid_t pid = clone_process(plan->namespaces & ~(uint64_t)CLONE_NEWCGROUP, cgroup_fd());
  if (pid == 0) {
    trace_become(TRACE_CONTAINER);
    child_begin(io, -1);
    child_main(plan, io, !new_user);
  }
  on_process(pid);
}

static void clone_visit(const struct child_io *io) {
  pid_t pid = clone_process(0, -1);
  if (pid == 0) visit_main(plan, io, cgroup_fd());
  children_track(&between, pid);
}

/* The first start takes all of them. */
static size_t given_left(void) {
  static bool taken;
  size_t left = taken ? 0 : plan->given;
  taken = true;
  return left;
}

/* Above the places that the process finds what is given in. */
static int out_of_the_way(int fd, int lowest) {
  int high = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  if (high < 0) fail("namespace", errno, "", "", "fcntl(%d, F_DUPFD_CLOEXEC)", fd);
  close(fd);
  return high;
}

void launch(const struct plan *the_plan) {
  plan = the_plan;
  launch_process = between = fuse = (struct child){0};
  told_ready = executed = false;
  network_ready = plan->net_helper.count == 0;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) fail("namespace", errno, "", "", "socketpair()");
  struct child_io io = {.sync = ends[1], .given = given_left()};
  if (io.given > 0) io.sync = out_of_the_way(ends[1], FD_GIVEN + (int)io.given);
  streams_open(plan, io.stdio);
  trace_phase("streams");
  sync_socket.fd = ends[0];
  /* For exec before the clone: it goes among processes that may trace. For run after it: newuidmap refuses a child that is not dumpable. */
  prctl(PR_SET_DUMPABLE, plan->verb == VERB_RUN);
  if (plan->verb == VERB_EXEC) clone_visit(&io);
  else clone_container(&io);
  prctl(PR_SET_DUMPABLE, 0);
  trace_phase("clone");
  close(io.sync);
  for (int i = 0; i < 3; i++) {
    if (io.stdio[i] >= 0) close(io.stdio[i]);
  }
  /* Whoever reads at the other end sees the end when the process has closed its own. */
  for (size_t i = 0; i < io.given; i++) close(FD_GIVEN + (int)i);
  loop_want(&sync_socket, EPOLLIN);
  while (!executed) {
    if (loop_turn(network_pending() ? NETWORK_TIMEOUT : -1) == 0 && network_pending()) network_late();
  }
  trace_phase("wait for its program");
}

void launch_undo(void) {
  children_kill(&between);
  children_kill(&launch_process);
  if (fuse.pid == 0) return;
  kill(fuse.pid, SIGKILL);
  children_wait(&fuse, 1000);
}

void launch_finish(void) {
  if (fuse.pid == 0 || fuse.ended) return;
  if (fuse_pidfd >= 0) poll(&(struct pollfd){.fd = fuse_pidfd, .events = POLLIN}, 1, FUSE_TIMEOUT);
  else children_wait(&fuse, FUSE_TIMEOUT);
  kill(fuse.pid, SIGKILL);
  if (fuse_pidfd >= 0) close(fuse_pidfd);
  fuse_pidfd = -1;
}
