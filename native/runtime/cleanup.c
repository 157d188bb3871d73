#include "cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remove.h"
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

/* Files of subordinate ids in it are not ours to delete: the program has a way. */
static bool buried(const struct plan *plan) { return plan->grave != NULL && remove_at(AT_FDCWD, plan->grave) == 0; }

void cleanup(const struct plan *plan) {
  if (plan->cleanup.count == 0) _exit(0);
  uint32_t word = status_wait_for_cleaned();
  if (word == CONTROL_CLEANED || (word == CONTROL_DISCARDED && buried(plan))) _exit(0);
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  reduce_environment();
  execve(plan->cleanup.at[0], (char *const *)plan->cleanup.at, environ);
  _exit(127);
}
