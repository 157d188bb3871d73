#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"
#include "proc.h"
#include "report.h"
#include "timer.h"

#define TRACKED_MAX 8

static struct child *tracked[TRACKED_MAX];
static size_t count;
static bool all;
static void (*handler)(int signal);
static void on_signal(struct watch *watch, uint32_t events);
static struct watch signals = {.fd = -1, .ready = on_signal};

static void end(struct child *child, int status) {
  child->ended = true;
  child->status = status;
  if (child->on_end != NULL) child->on_end(child);
}

static bool reap(struct child *child) {
  int status;
  if (!child->ended && waitpid(child->pid, &status, WNOHANG) == child->pid) end(child, status);
  return child->ended;
}

static struct child *find(pid_t pid) {
  for (size_t i = 0; i < count; i++) {
    if (tracked[i]->pid == pid && !tracked[i]->ended) return tracked[i];
  }
  return NULL;
}

static void reap_ended(void) {
  for (size_t i = 0; i < count; i++) reap(tracked[i]);
  siginfo_t info = {0};
  while (all && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    struct child *child = find(info.si_pid);
    if (child == NULL) waitpid(info.si_pid, NULL, WNOHANG);
    else reap(child);
    info.si_pid = 0;
  }
}

static void on_signal(struct watch *watch, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  while (read(watch->fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) reap_ended();
    else handler((int)info.ssi_signo);
  }
}

static void signal_set(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGCHLD);
  sigaddset(set, SIGTERM);
  sigaddset(set, SIGINT);
  sigaddset(set, SIGHUP);
  sigaddset(set, SIGUSR1);
}

void children_open(void (*on_signal_of_ours)(int signal)) {
  sigset_t set;
  signal_set(&set);
  handler = on_signal_of_ours;
  sigprocmask(SIG_BLOCK, &set, NULL);
  /* A log that has reached a limit of ours is a full disk, not our end. */
  signal(SIGXFSZ, SIG_IGN);
  signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals.fd < 0) fail("namespace", errno, "", "", "signalfd()");
  loop_want(&signals, EPOLLIN);
}

void children_hear(void) { on_signal(&signals, EPOLLIN); }

void children_forget(void) {
  count = 0;
  all = false;
}

void children_track(struct child *child, pid_t pid) {
  child->pid = pid;
  child->start_time = proc_start_time(pid);
  size_t at = 0;
  while (at < count && tracked[at] != child) at++;
  if (at == TRACKED_MAX) fail("namespace", ENOBUFS, "", "", "children_track(%d)", pid);
  tracked[at] = child;
  if (at == count) count++;
  reap(child);
}

void children_reap_all(void) {
  all = true;
  reap_ended();
}

bool children_wait(struct child *child, int milliseconds) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  uint64_t end_of_wait = milliseconds_now() + (uint64_t)milliseconds;
  while (!reap(child)) {
    long long left = (long long)(end_of_wait - milliseconds_now());
    if (left <= 0) return false;
    struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    /* Signals of the others are swallowed here: all are looked at. */
    if (sigtimedwait(&set, NULL, &time) == SIGCHLD) reap_ended();
  }
  return true;
}

void children_kill(struct child *child) {
  if (child->pid == 0 || child->ended) return;
  kill(child->pid, SIGKILL);
  int status;
  while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  child->ended = true;
  child->status = status;
}

void children_kill_strays(void) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  for (bool found = true; found;) {
    found = false;
    if (proc_read(AT_FDCWD, path, text, sizeof text) < 0) return;
    char *rest = text;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
      pid_t pid = atoi(word);
      if (pid <= 0 || find(pid) != NULL) continue;
      kill(pid, SIGKILL);
      waitpid(pid, NULL, 0);
      found = true;
    }
  }
}

int children_code(const struct child *child) {
  return WIFEXITED(child->status) ? WEXITSTATUS(child->status) : 128 + WTERMSIG(child->status);
}
