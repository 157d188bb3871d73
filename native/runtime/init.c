#include "init.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "descriptors.h"
#include "report.h"

/* 128+n as shells have it. Everything else in the pid namespace ends with this process. */
static int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

static void reap(pid_t child) {
  int status;
  for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (ended == child) _exit(code_of(status));
  }
}

static _Noreturn void serve(pid_t child, const sigset_t *all) {
  for (;;) {
    siginfo_t info;
    int number = sigwaitinfo(all, &info);
    if (number == SIGCHLD) reap(child);
    else if (number > 0) kill(child, number);
  }
}

void init_fork(void) {
  sigset_t all, before;
  sigfillset(&all);
  /* Blocked before there is a child, so that none is lost, and waited for: a handler could only do the same. */
  sigprocmask(SIG_BLOCK, &all, &before);
  if (getpid() != 1) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* in a pid namespace of others */
  pid_t child = fork();
  if (child < 0) fail("sandbox", errno, "", "", "fork(init)");
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    return;
  }
  /* It keeps nothing: no descriptor, so that the monitor sees when the program is executed, and no right but to signal a child of another user. */
  struct caps caps = {.effective = 1 << CAP_KILL, .permitted = 1 << CAP_KILL};
  prctl(PR_SET_NAME, "lichen-init", 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (caps_bound(0) < 0 || caps_ambient(0) < 0 || caps_set(&caps) < 0) fail("sandbox", errno, "", "", "capset(init)");
  descriptors_close_but(0, NULL, 0, 0);
  /* What it holds no more, nobody can take. Not dumpable, its namespaces could not be entered either, which `exec` does. */
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  serve(child, &all);
}
