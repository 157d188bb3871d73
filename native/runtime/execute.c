#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "report.h"

static const char *variable(const struct plan *plan, const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < plan->env.count; i++) {
    if (strncmp(plan->env.at[i], name, length) == 0 && plan->env.at[i][length] == '=') return plan->env.at[i] + length + 1;
  }
  return NULL;
}

const char *const *environment_of(const struct plan *plan, const struct user *user) {
  static char home[PATH_MAX + 8];
  const char *given = variable(plan, "HOME");
  if (given != NULL && *given != '\0') return plan->env.at;
  const char **environment = mmap(NULL, (plan->env.count + 2) * sizeof *environment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (environment == MAP_FAILED) fail("exec", errno, "", "", "mmap()");
  size_t count = 0;
  for (size_t i = 0; i < plan->env.count; i++) {
    if (strncmp(plan->env.at[i], "HOME=", 5) != 0) environment[count++] = plan->env.at[i];
  }
  snprintf(home, sizeof home, "HOME=%s", user->home);
  environment[count] = home;
  return environment;
}

static _Noreturn void not_executed(const char *name, int error) {
  struct stat found;
  /* To execve a folder is a file that may not be executed. */
  if (error == EACCES && strchr(name, '/') != NULL && stat(name, &found) == 0 && S_ISDIR(found.st_mode)) error = EISDIR;
  fail("exec", error, name, "", "execve(%s)", name);
}

void execute(const struct plan *plan, const char *const *environment) {
  const char *name = plan->args.at[0], *path = variable(plan, "PATH");
  char *const *argv = (char *const *)plan->args.at, *const *envp = (char *const *)environment;
  if (*name == '\0') not_executed(name, ENOENT);
  if (strchr(name, '/') != NULL) {
    execve(name, argv, envp);
    not_executed(name, errno);
  }
  if (path == NULL) path = "/bin:/usr/bin"; /* execvp's */
  int error = ENOENT;
  for (const char *at = path;; at++) {
    char file[PATH_MAX];
    size_t length = strcspn(at, ":");
    /* An empty element is the working directory. */
    if ((size_t)snprintf(file, sizeof file, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", name) < sizeof file) {
      execve(file, argv, envp);
      if (errno == EACCES) error = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR && errno != ENODEV && errno != ESTALE && errno != ETIMEDOUT) not_executed(name, errno);
    }
    at += length;
    if (*at == '\0') not_executed(name, error);
  }
}
