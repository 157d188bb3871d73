#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "report.h"

/* A process in an uninterruptible wait may take its time to die. */
#define EMPTY_TIMEOUT 5000

static char directory[PATH_MAX];
static int directory_fd = -1;

const char *cgroup_directory(void) { return directory; }
int cgroup_fd(void) { return directory_fd; }

static void write_file(const char *folder, const char *file, const char *value) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail("cgroup", errno, path, value, "open(%s)", path);
  if (write(fd, value, strlen(value)) < 0) fail("cgroup", errno, path, value, "write(%s, \"%s\")", path, value);
  close(fd);
}

static void make_directory(const char *path) {
  if (mkdir(path, 0755) == 0) return;
  /* The lock is ours, so what is there was left by a monitor that was killed; with its limits. */
  if (errno == EEXIST) {
    snprintf(directory, sizeof directory, "%s", path);
    cgroup_remove();
    snprintf(directory, sizeof directory, "%s", path);
    if (mkdir(path, 0755) == 0) return;
  }
  fail("cgroup", errno, path, "", "mkdir(%s)", path);
}

/* Where version 2 is mounted: alone, or on hybrid hosts beside version 1. */
static const char *mount_point(void) {
  struct statfs system;
  if (statfs("/sys/fs/cgroup", &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC) return "/sys/fs/cgroup";
  return "/sys/fs/cgroup/unified";
}

static void find_own(char *path, size_t size) {
  char text[8192];
  if (proc_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof text) < 0) fail("cgroup", errno, "/proc/self/cgroup", "", "read(/proc/self/cgroup)");
  char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
  if (line == NULL) fail("cgroup", ENOENT, "/proc/self/cgroup", "no cgroup of version 2", "read(/proc/self/cgroup)");
  char *own = strchr(line, '/');
  own[strcspn(own, "\n")] = '\0';
  snprintf(path, size, "%s%s", mount_point(), strcmp(own, "/") == 0 ? "" : own);
}

/* The scope is empty but for us, and must be empty before its children get controllers. */
static void enter_scope(char *container, size_t size) {
  static char scope[PATH_MAX - 16];
  char own[PATH_MAX - 16], monitor[PATH_MAX];
  /* Once: from then on our own cgroup is another one. */
  if (scope[0] != '\0') {
    snprintf(container, size, "%s/container", scope);
    return;
  }
  find_own(own, sizeof own);
  snprintf(monitor, sizeof monitor, "%s/monitor", own);
  if (mkdir(monitor, 0755) < 0 && errno != EEXIST) fail("cgroup", errno, monitor, "", "mkdir(%s)", monitor);
  write_file(monitor, "cgroup.procs", "0");
  snprintf(container, size, "%s/container", own);
  snprintf(scope, sizeof scope, "%s", own);
}

void cgroup_make(const struct plan *plan) {
  if (plan->cgroup_mode == CGROUP_NONE) return;
  char path[PATH_MAX], parent[PATH_MAX];
  if (plan->cgroup_mode == CGROUP_SCOPE) {
    enter_scope(path, sizeof path);
  } else {
    snprintf(path, sizeof path, "%s", plan->cgroup_path);
  }
  snprintf(parent, sizeof parent, "%s", path);
  char *slash = strrchr(parent, '/');
  if (slash == NULL) fail("cgroup", EINVAL, path, "", "mkdir(%s)", path);
  *slash = '\0';
  if (plan->cgroup_controllers != NULL) write_file(parent, "cgroup.subtree_control", plan->cgroup_controllers);
  make_directory(path);
  snprintf(directory, sizeof directory, "%s", path);
  for (size_t i = 0; i < plan->cgroup_writes.count; i++) write_file(path, plan->cgroup_writes.at[i].key, plan->cgroup_writes.at[i].value);
  directory_fd = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  if (directory_fd < 0) fail("cgroup", errno, path, "", "open(%s)", path);
}

void cgroup_visit(const struct plan *plan) {
  if (plan->cgroup_mode == CGROUP_NONE) return;
  const char *path = plan->cgroup_path;
  char text[256];
  directory_fd = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  if (directory_fd < 0) fail("cgroup", errno, path, errno == ENOENT ? "the container has ended" : "", "open(%s)", path);
  if (proc_read(directory_fd, "cgroup.events", text, sizeof text) == 0 && strstr(text, "frozen 1") != NULL) {
    fail("cgroup", EBUSY, path, "the container is paused: unpause it first", "cgroup.events");
  }
}

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The kernel tells of changes of cgroup.events by POLLPRI. */
static bool wait_until_empty(void) {
  char path[PATH_MAX + 16], text[256];
  snprintf(path, sizeof path, "%s/cgroup.events", directory);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool empty = false;
  for (long long end = milliseconds() + EMPTY_TIMEOUT, left = EMPTY_TIMEOUT; !empty && left > 0; left = end - milliseconds()) {
    ssize_t count = pread(fd, text, sizeof text - 1, 0);
    if (count <= 0) break;
    text[count] = '\0';
    empty = strstr(text, "populated 0") != NULL;
    if (!empty) poll(&(struct pollfd){.fd = fd, .events = POLLPRI}, 1, (int)left);
  }
  close(fd);
  return empty;
}

bool cgroup_oom_killed(void) {
  char text[512];
  if (directory_fd < 0 || proc_read(directory_fd, "memory.events", text, sizeof text) < 0) return false;
  const char *line = strstr(text, "oom_kill ");
  return line != NULL && strtoull(line + strlen("oom_kill "), NULL, 10) > 0;
}

static int kill_listed(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)walk;
  char file[PATH_MAX + 16], text[65536];
  if (type != FTW_D) return 0;
  snprintf(file, sizeof file, "%s/cgroup.procs", path);
  if (proc_read(AT_FDCWD, file, text, sizeof text) < 0) return 0;
  char *rest = text;
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    if (atoi(line) > 0) kill(atoi(line), SIGKILL);
  }
  return 0;
}

static bool write_one(const char *file) {
  char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool written = write(fd, "1", 1) == 1;
  close(fd);
  return written;
}

void cgroup_kill(void) {
  if (directory[0] == '\0') return;
  if (!write_one("cgroup.kill")) {
    /* Before Linux 5.14. What is frozen can't fork away from its killer. */
    write_one("cgroup.freeze");
    nftw(directory, kill_listed, 16, FTW_PHYS);
  }
  wait_until_empty();
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)walk;
  if (type == FTW_DP) rmdir(path);
  return 0;
}

void cgroup_remove(void) {
  if (directory[0] == '\0') return;
  if (directory_fd >= 0) close(directory_fd);
  directory_fd = -1;
  if (rmdir(directory) < 0 && errno != ENOENT) {
    /* Something is left in it, or below it. */
    cgroup_kill();
    nftw(directory, remove_one, 16, FTW_PHYS | FTW_DEPTH);
    if (access(directory, F_OK) == 0) warn_of("cgroup", EBUSY, directory, "", "rmdir(%s)", directory);
  }
  directory[0] = '\0';
}
