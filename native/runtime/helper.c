#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Copies of ours are put up here first: one that lies where another of theirs belongs would be overwritten. */
#define OUT_OF_THE_WAY 32
#define FDS_MAX 8

static char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

static int run(pid_t *pid, const char *const argv[], const posix_spawn_file_actions_t *actions) {
  posix_spawnattr_t attributes;
  /* What is blocked or ignored would stay so across execve; nothing else is ignored here. */
  sigset_t none, ignored;
  sigemptyset(&none);
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  sigaddset(&ignored, SIGXFSZ);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  int error = posix_spawn(pid, argv[0], actions, &attributes, (char *const *)argv, environment);
  posix_spawnattr_destroy(&attributes);
  return error;
}

pid_t helper_start(const char *const argv[], const struct helper_fd *fds, size_t count) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  int copies[FDS_MAX], named = 0, error = 0;
  size_t copied = 0;
  if (count > FDS_MAX) error = E2BIG;
  for (; error == 0 && copied < count; copied++) {
    copies[copied] = fcntl(fds[copied].ours, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (copies[copied] < 0) {
      error = errno;
      break;
    }
    posix_spawn_file_actions_adddup2(&actions, copies[copied], fds[copied].theirs);
    if (fds[copied].theirs <= STDERR_FILENO) named |= 1 << fds[copied].theirs;
  }
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if ((named & 1 << fd) == 0) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  pid_t pid = -1;
  if (error == 0) error = run(&pid, argv, &actions);
  while (copied > 0) close(copies[--copied]);
  posix_spawn_file_actions_destroy(&actions);
  errno = error;
  return error == 0 ? pid : -1;
}

static int place(const struct helper_fd *fds, size_t count) {
  int copies[FDS_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (size_t i = 0; i < count; i++) {
    copies[i] = fcntl(fds[i].ours, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (copies[i] < 0) return -1;
  }
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (dup2(null, fd) < 0) return -1;
  }
  for (size_t i = 0; i < count; i++) {
    if (dup2(copies[i], fds[i].theirs) < 0) return -1;
  }
  return 0;
}

static _Noreturn void become(int user, const char *const argv[], const struct helper_fd *fds, size_t count) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (setns(user, CLONE_NEWUSER) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0 && place(fds, count) == 0) {
    execve(argv[0], (char *const *)argv, environment);
  }
  int error = errno;
  for (size_t i = 0; i < count; i++) {
    if (fds[i].theirs == STDERR_FILENO) dprintf(fds[i].ours, "%s: %s", argv[0], strerror(error));
  }
  _exit(127);
}

pid_t helper_start_in(int user, const char *const argv[], const struct helper_fd *fds, size_t count) {
  if (count > FDS_MAX) {
    errno = E2BIG;
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) become(user, argv, fds, count);
  return pid;
}

void helper_words(int fd, char *words, size_t size) {
  size_t length = 0;
  char rest[512];
  for (;;) {
    size_t room = size - 1 - length;
    ssize_t count = room > 0 ? read(fd, words + length, room) : read(fd, rest, sizeof rest);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (room > 0) length += (size_t)count;
  }
  while (length > 0 && (words[length - 1] == '\n' || words[length - 1] == ' ')) length--;
  words[length] = '\0';
  close(fd);
}
