/*
 * The floor under every start: the same namespaces, id maps, overlay and pivot_root as a container gets, and nothing else.
 *   floor LOWER SCRATCH COMMAND...     SCRATCH: a folder for upper, work and merged
 * No sandbox, no devices but null, no log, no state: what a runtime adds is the ratio to this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what) {
  perror(what);
  _exit(125);
}

/* The first range of this user in /etc/subuid or /etc/subgid. */
static void range(const char *file, const char *user, char *first, char *count) {
  char line[256];
  FILE *ranges = fopen(file, "re");
  size_t length = strlen(user);
  while (ranges != NULL && fgets(line, sizeof line, ranges) != NULL)
    if (strncmp(line, user, length) == 0 && line[length] == ':' && sscanf(line + length + 1, "%15[0-9]:%15[0-9]", first, count) == 2) {
      fclose(ranges);
      return;
    }
  fprintf(stderr, "floor: %s has no range in %s\n", user, file);
  _exit(125);
}

static pid_t map(const char *helper, const char *file, const char *user, pid_t pid, unsigned own) {
  char target[16], id[16], first[16], count[16];
  range(file, user, first, count);
  snprintf(target, sizeof target, "%d", pid);
  snprintf(id, sizeof id, "%u", own);
  pid_t child = vfork();
  if (child != 0) return child;
  execlp(helper, helper, target, "0", id, "1", "1", first, count, (char *)NULL);
  _exit(127);
}

static _Noreturn void inside(int go, const char *lower, const char *scratch, char **command) {
  char byte, options[4096], merged[1024];
  if (read(go, &byte, 1) != 1) _exit(125);
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) die("setresuid");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) die("private /");
  snprintf(merged, sizeof merged, "%s/merged", scratch);
  snprintf(options, sizeof options, "userxattr,lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower, scratch, scratch);
  if (mount("overlay", merged, "overlay", 0, options) < 0) die("overlay");
  if (chdir(merged) < 0) die("chdir");
  mkdir("proc", 0755), mkdir("dev", 0755);
  if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) die("proc");
  if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755") < 0) die("dev");
  close(creat("dev/null", 0666));
  if (mount("/dev/null", "dev/null", NULL, MS_BIND, NULL) < 0) die("null");
  if (syscall(SYS_pivot_root, ".", ".") < 0) die("pivot_root");
  if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) die("umount");
  execv(command[0], command);
  die(command[0]);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fputs("floor LOWER SCRATCH COMMAND...\n", stderr);
    return 125;
  }
  const char *user = getenv("USER");
  int go[2];
  if (user == NULL || pipe2(go, O_CLOEXEC) < 0) die("USER");
  struct clone_args { unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } args = {
    .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS,
    .exit_signal = SIGCHLD,
  };
  pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (child < 0) die("clone3");
  if (child == 0) inside(go[0], argv[1], argv[2], argv + 3);
  pid_t helpers[] = {map("newuidmap", "/etc/subuid", user, child, getuid()), map("newgidmap", "/etc/subgid", user, child, getgid())};
  int status = 0;
  for (int i = 0; i < 2; i++)
    if (waitpid(helpers[i], &status, 0) < 0 || status != 0) die("newuidmap");
  if (write(go[1], "", 1) != 1 || waitpid(child, &status, 0) < 0) die("wait");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
