#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "children.h"
#include "helper.h"
#include "loop.h"
#include "netapi.h"
#include "report.h"

/* Where the helper finds the namespaces: no number of a process is involved, and no right to look into one. */
#define USER_FD 5
#define NET_FD 6

static void on_ready(struct watch *watch, uint32_t events);
static void on_words(struct watch *watch, uint32_t events);
static void on_end(struct child *child);

static const struct plan *plan;
static struct child helper = {.on_end = on_end};
static struct watch ready_pipe = {.fd = -1, .ready = on_ready}, words_pipe = {.fd = -1, .ready = on_words};
static int exit_pipe = -1;
static void (*when_ready)(void);
/* The last that it said. */
static char words[3072];
static size_t words_length;

/* Where the plan does not say how to get into the user namespace, the helper is started in it. */
static bool enters_by_itself(void) {
  for (size_t i = 0; i < plan->net_helper.count; i++) {
    if (strstr(plan->net_helper.at[i], "{user}") != NULL) return true;
  }
  return false;
}

static const char *filled(const char *argument) {
  static const struct {
    const char *name, *path;
  } places[] = {{"{user}", "/proc/self/fd/5"}, {"{net}", "/proc/self/fd/6"}};
  for (size_t i = 0; i < 2; i++) {
    const char *at = strstr(argument, places[i].name);
    char *whole;
    if (at == NULL) continue;
    if (asprintf(&whole, "%.*s%s%s", (int)(at - argument), argument, places[i].path, at + strlen(places[i].name)) < 0) return argument;
    return whole;
  }
  return argument;
}

static void make_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) < 0) fail("network", errno, "", "", "pipe2()");
}

void network_start(const struct plan *the_plan, int user, int net, void (*ready)(void)) {
  plan = the_plan;
  when_ready = ready;
  const char **argv = calloc(plan->net_helper.count + 1, sizeof *argv);
  if (argv == NULL) fail("network", ENOMEM, "", "", "calloc(%zu)", plan->net_helper.count);
  for (size_t i = 0; i < plan->net_helper.count; i++) argv[i] = filled(plan->net_helper.at[i]);
  int ready_ends[2], exit_ends[2], words_ends[2];
  make_pipe(ready_ends);
  make_pipe(exit_ends);
  make_pipe(words_ends);
  const struct helper_fd fds[] = {{STDERR_FILENO, words_ends[1]}, {3, ready_ends[1]}, {4, exit_ends[0]}, {USER_FD, user}, {NET_FD, net}};
  size_t count = sizeof fds / sizeof *fds;
  pid_t pid = enters_by_itself() ? helper_start(argv, fds, count) : helper_start_in(user, argv, fds, count);
  if (pid < 0) fail("network", errno, argv[0], "", "execve(%s)", argv[0]);
  close(ready_ends[1]);
  close(exit_ends[0]);
  close(words_ends[1]);
  for (size_t i = 0; i < plan->net_helper.count; i++) {
    if (argv[i] != plan->net_helper.at[i]) free((char *)argv[i]);
  }
  free(argv);
  exit_pipe = exit_ends[1];
  ready_pipe.fd = ready_ends[0];
  words_pipe.fd = words_ends[0];
  fcntl(words_pipe.fd, F_SETFL, O_NONBLOCK);
  loop_want(&ready_pipe, EPOLLIN);
  loop_want(&words_pipe, EPOLLIN);
  children_track(&helper, pid);
}

bool network_pending(void) { return ready_pipe.fd >= 0; }

static void on_words(struct watch *watch, uint32_t events) {
  (void)events;
  size_t half = sizeof words / 2;
  if (words_length > half) {
    memmove(words, words + words_length - half, half);
    words_length = half;
  }
  ssize_t count = read(watch->fd, words + words_length, sizeof words - 1 - words_length);
  if (count > 0) words_length += (size_t)count;
  else if (count == 0 || (errno != EAGAIN && errno != EINTR)) loop_close(watch);
  words[words_length] = '\0';
}

static _Noreturn void failed(int error, const char *what) {
  /* It has closed its descriptors, so it is about to end, having said why. */
  for (size_t before = words_length + 1; words_pipe.fd >= 0 && before != words_length;) {
    before = words_length;
    on_words(&words_pipe, 0);
  }
  fail("network", error, plan->net_helper.at[0], words, "%s: %s", plan->net_helper.at[0], what);
}

static void on_ready(struct watch *watch, uint32_t events) {
  (void)events;
  char byte;
  ssize_t count = read(watch->fd, &byte, 1);
  if (count < 0 && errno == EINTR) return;
  loop_close(watch);
  if (count != 1) failed(0, "it ended before the network was ready");
  netapi_ask(plan);
  when_ready();
}

static void on_end(struct child *child) {
  if (network_pending() || exit_pipe < 0) return;
  warn_of("network", 0, plan->net_helper.at[0], words, "%s ended with %d: the container has lost its network", plan->net_helper.at[0], children_code(child));
  close(exit_pipe);
  exit_pipe = -1;
}

void network_late(void) { failed(ETIMEDOUT, "the network was not ready in time"); }

void network_stop(void) {
  if (exit_pipe < 0) return;
  netapi_take_back();
  close(exit_pipe);
  exit_pipe = -1;
}

void network_bury(void) {
  if (helper.pid != 0) children_wait(&helper, 1000);
}

void network_forget(void) {
  children_kill(&helper);
  loop_close(&ready_pipe);
  loop_close(&words_pipe);
  words_length = 0;
  helper = (struct child){.on_end = on_end};
}

void network_undo(void) {
  if (exit_pipe >= 0) close(exit_pipe);
  exit_pipe = -1;
  children_kill(&helper);
  if (plan != NULL && plan->net_api_socket != NULL) unlink(plan->net_api_socket);
}
