#include "cleanup.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"

static bool handed_on(const char *variable) {
  static const char *const names[] = {"HOME=", "PATH=", "XDG_", "LICHEN_"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strncmp(variable, names[i], strlen(names[i])) == 0) return true;
  }
  return false;
}

static void reduce_environment(void) {
  char **kept = environ;
  for (char **at = environ; *at != NULL; at++) {
    if (handed_on(*at)) *kept++ = *at;
  }
  *kept = NULL;
}

void cleanup(const struct plan *plan) {
  if (plan->cleanup.count == 0 || status_wait_for_cleaned()) _exit(0);
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  reduce_environment();
  execve(plan->cleanup.at[0], (char *const *)plan->cleanup.at, environ);
  _exit(127);
}
