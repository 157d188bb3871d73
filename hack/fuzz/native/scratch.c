#include "scratch.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "survive.h"

static bool has_ids;
static int outside, folder;

static void write_file(const char *format, int pid, const char *text) {
  char path[64];
  snprintf(path, sizeof path, format, pid);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
  close(fd);
}

/* libFuzzer starts itself again in order to merge, in the namespace that is there then. */
static bool is_nested(void) {
  char map[64] = {0};
  int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  must(fd >= 0 && read(fd, map, sizeof map - 1) > 0, "read(/proc/self/uid_map)");
  close(fd);
  return strstr(map, "4294967295") == NULL;
}

/* Root stays who it is, since the fuzzer goes on writing its corpus; the other ids are nobody's. */
static void write_maps(int pid, uid_t uid, gid_t gid) {
  char uids[64], gids[64];
  if (has_ids) {
    snprintf(uids, sizeof uids, "0 0 1\n1 %u 65535\n", is_nested() ? 1u : 1000000u);
    strcpy(gids, uids);
  } else {
    snprintf(uids, sizeof uids, "0 %u 1\n", uid);
    snprintf(gids, sizeof gids, "0 %u 1\n", gid);
  }
  if (!has_ids) write_file("/proc/%d/setgroups", pid, "deny");
  write_file("/proc/%d/uid_map", pid, uids);
  write_file("/proc/%d/gid_map", pid, gids);
}

/* Several ids are mapped by a process of the outer namespace. */
static void enter_namespace(void) {
  int entered[2], status;
  uid_t uid = geteuid();
  gid_t gid = getegid();
  pid_t self = getpid();
  has_ids = uid == 0;
  must(pipe2(entered, O_CLOEXEC) == 0, "pipe2()");
  pid_t mapper = fork();
  must(mapper >= 0, "fork()");
  if (mapper == 0) {
    char byte;
    close(entered[1]);
    must(read(entered[0], &byte, 1) == 1, "the namespace is there");
    write_maps(self, uid, gid);
    _exit(0);
  }
  must(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare(CLONE_NEWUSER|CLONE_NEWNS): see hack/setup-host");
  must(write(entered[1], "", 1) == 1, "write()");
  must(waitpid(mapper, &status, 0) == mapper && status == 0, "the ids are mapped");
  close(entered[0]);
  close(entered[1]);
}

int scratch_open(void) {
  enter_namespace();
  outside = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int context = (int)syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */);
  must(outside >= 0 && folder >= 0 && context >= 0, "fsopen(tmpfs)");
  must(syscall(SYS_fsconfig, context, 1 /* FSCONFIG_SET_STRING */, "size", "64m", 0) == 0, "fsconfig(size)");
  must(syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) == 0, "fsconfig(create)");
  int root = (int)syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, 0);
  must(root >= 0, "fsmount(tmpfs)");
  close(context);
  return root;
}

bool scratch_has_ids(void) { return has_ids; }

/* What a fuzzer writes down goes by its path. */
static bool leave(void) { return fchdir(outside) == 0 && chroot(".") == 0 && fchdir(folder) == 0; }
static void leave_for_death(void) { leave(); }

void scratch_enter(int root) {
  survive_before_death = leave_for_death;
  must(fchdir(root) == 0 && chroot(".") == 0, "chroot()");
}

void scratch_leave(void) { must(leave(), "chroot()"); }
