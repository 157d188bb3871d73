#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "report.h"

void join_files(const struct plan *plan) {
  size_t count = plan->joins.count;
  int *fds = calloc(count + 1, sizeof *fds);
  if (fds == NULL) fail("namespace", ENOMEM, "", "", "calloc(%zu)", count);
  /* All are opened first: from inside the first one, the others' /proc files may be out of reach. */
  for (size_t i = 0; i < count; i++) {
    const char *path = plan->joins.at[i].path;
    fds[i] = open(path, O_RDONLY | O_CLOEXEC);
    if (fds[i] < 0) fail("namespace", errno, path, "", "open(%s)", path);
  }
  for (size_t i = 0; i < count; i++) {
    const struct join *join = &plan->joins.at[i];
    if (setns(fds[i], (int)join->kind) < 0) fail("namespace", errno, join->path, "", "setns(%s, 0x%llx)", join->path, (unsigned long long)join->kind);
    close(fds[i]);
  }
  free(fds);
}

static const struct {
  int kind;
  const char *name;
} files[] = {
    /* The user namespace first: it gives the right to enter the others. */
    {CLONE_NEWUSER, "user"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"},
    {CLONE_NEWNET, "net"},   {CLONE_NEWPID, "pid"},       {CLONE_NEWNS, "mnt"},
};

#define KINDS (sizeof files / sizeof *files)

/* Before Linux 5.8. */
static void join_one_by_one(uint64_t kinds, pid_t pid) {
  int fds[KINDS];
  char path[64];
  for (size_t i = 0; i < KINDS; i++) {
    if ((kinds & (uint64_t)files[i].kind) == 0) continue;
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, files[i].name);
    fds[i] = open(path, O_RDONLY | O_CLOEXEC);
    if (fds[i] < 0) fail("target", errno == ENOENT ? ESRCH : errno, path, "", "open(%s)", path);
  }
  for (size_t i = 0; i < KINDS; i++) {
    if ((kinds & (uint64_t)files[i].kind) == 0) continue;
    if (setns(fds[i], files[i].kind) < 0) fail("target", errno, files[i].name, "", "setns(/proc/%d/ns/%s)", pid, files[i].name);
    close(fds[i]);
  }
}

void join_process(uint64_t kinds, pid_t pid, int pidfd) {
  if (pidfd >= 0) {
    if (setns(pidfd, (int)kinds) == 0) return;
    if (errno != EINVAL) fail("target", errno, "", "", "setns(pidfd of %d, 0x%llx)", pid, (unsigned long long)kinds);
  }
  join_one_by_one(kinds, pid);
}
