#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "idmap.h"
#include "operations.h"
#include "records.h"
#include "report.h"
#include "rootfs.h"
#include "sources.h"
#include "verbs.h"
#include "view.h"

static bool has_root(const struct id_maps *maps) {
  for (size_t i = 0; i < maps->count; i++) {
    if (maps->at[i].container == 0) return true;
  }
  return false;
}

/*
 * This very process enters the user namespace; who writes its id maps is a child that stays outside, since
 * newuidmap must be started by the user. So the launcher's child, its signals and its exit status are those of the work.
 */
static void enter_namespaces(const struct plan *plan, int flags) {
  int entered[2];
  pid_t self = getpid();
  if (pipe2(entered, O_CLOEXEC) < 0) fail("namespace", errno, "", "", "pipe2()");
  pid_t mapper = fork();
  if (mapper < 0) fail("namespace", errno, "", "", "fork()");
  if (mapper == 0) {
    char byte;
    close(entered[1]);
    if (read(entered[0], &byte, 1) != 1) _exit(125); /* it has failed, and said so */
    idmap_write(plan, self);
    _exit(0);
  }
  close(entered[0]);
  if (unshare(flags) < 0) fail("namespace", errno, "", "", "unshare(%s)", flags & CLONE_NEWNS ? "CLONE_NEWUSER|CLONE_NEWNS" : "CLONE_NEWUSER");
  int status;
  pid_t ended;
  if (write(entered[1], "", 1) != 1) fail("namespace", errno, "", "", "write()");
  close(entered[1]);
  /* In the new mount namespace, but still by the rights of the user; the maps are being written meanwhile. */
  if (plan->rootfs_kind != 0) rootfs_prepare(plan), sources_open(plan);
  do ended = waitpid(mapper, &status, 0);
  while (ended < 0 && errno == EINTR);
  if (ended < 0 || status != 0) _exit(125); /* the mapper has said why */
  /* On his own files the user works with all of his groups. */
  bool keeps_groups = plan->setgroups_deny || plan->view == VIEW_HOST;
  if (!keeps_groups && setgroups(0, NULL) < 0) fail("namespace", errno, "", "", "setgroups(0)");
  /* A map of one id may call it otherwise (keep-id): then there is nobody else to become. */
  if (has_root(&plan->gid_maps) && setresgid(0, 0, 0) < 0) fail("namespace", errno, "", "", "setresgid(0, 0, 0)");
  if (has_root(&plan->uid_maps) && setresuid(0, 0, 0) < 0) fail("namespace", errno, "", "", "setresuid(0, 0, 0)");
}

/* Trees may be deep, and each level of them holds descriptors. */
static void allow_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_parent(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL || slash[1] == '\0') fail("remove", EINVAL, path, "", "open()");
  char *parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
  if (parent == NULL) fail("remove", errno, path, "", "strndup()");
  int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT) fail("remove", errno, parent, "", "open()");
  free(parent);
  return fd;
}

static int open_directory(const char *stage, const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) fail(stage, errno, path, "", "open(O_DIRECTORY)");
  return fd;
}

static int *open_paths(const struct plan *plan) {
  int *paths = calloc(plan->op_paths.count + 1, sizeof *paths);
  if (paths == NULL) fail("plan", errno, "", "", "calloc()");
  for (size_t i = 0; i < plan->op_paths.count; i++) {
    const char *path = plan->op_paths.at[i];
    paths[i] = plan->op == OP_REMOVE ? open_parent(path) : open_directory(plan->op == OP_APPLY ? "apply" : "merge", path);
  }
  return paths;
}

static _Noreturn void become_program(const struct plan *plan) {
  if (plan->args.count == 0) fail("plan", EINVAL, "", "no program is named", "execvpe()");
  const char *path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (size_t i = 0; i < plan->env.count; i++) {
    if (strncmp(plan->env.at[i], "PATH=", 5) == 0) path = plan->env.at[i];
  }
  if (clearenv() != 0 || putenv((char *)path) != 0) fail("exec", errno, plan->args.at[0], "", "putenv()");
  signal(SIGPIPE, SIG_DFL);
  execvpe(plan->args.at[0], (char *const *)plan->args.at, (char *const *)plan->env.at);
  fail("exec", errno, plan->args.at[0], "", "execve(%s)", plan->args.at[0]);
}

static _Noreturn void done(struct totals totals) {
  char record[64];
  struct writer writer;
  record_begin(&writer, record, sizeof record, STATUS_DONE);
  record_u(&writer, totals.entries);
  record_u(&writer, totals.bytes);
  report_send(FD_STATUS, record, record_end(&writer));
  exit(0);
}

/* Work on the files of a container, or on the user's own. */
static _Noreturn void work_on_view(const struct plan *plan) {
  struct view view;
  struct totals totals;
  view_prepare(plan);
  if (plan->uid_maps.count > 0 && plan->view != VIEW_PROCESS && plan->view != VIEW_PROCESS_ROOT) {
    enter_namespaces(plan, CLONE_NEWUSER | (plan->view == VIEW_ROOTFS ? CLONE_NEWNS : 0));
  }
  view_enter(plan);
  allow_descriptors();
  umask(0);
  view_open(plan, &view);
  switch ((enum unshare_op)plan->op) {
    case OP_STAT: totals = op_stat(plan, &view); break;
    case OP_PACK: totals = op_pack(plan, &view); break;
    case OP_UNPACK: totals = op_unpack(plan, &view); break;
    case OP_CHANGES: totals = op_changes(plan, &view); break;
    default: fail("plan", EINVAL, "", "an operation that has no view", "%s", "");
  }
  view_close(plan, &view);
  done(totals);
}

void unshare_main(const struct plan *plan) {
  if (plan->view != 0) work_on_view(plan);
  bool in_place = plan->op == OP_MOUNT || plan->op == OP_UNMOUNT;
  int *paths = in_place ? NULL : open_paths(plan);
  bool mounts = plan->op == OP_EXEC || plan->op == OP_PROBE;
  /* Root removes by its own rights what belongs to any id: then the plan has no maps. */
  if (plan->uid_maps.count > 0) enter_namespaces(plan, CLONE_NEWUSER | (mounts ? CLONE_NEWNS : 0));
  if (plan->op == OP_EXEC) become_program(plan);
  allow_descriptors();
  umask(0);
  switch ((enum unshare_op)plan->op) {
    case OP_APPLY: done(op_apply(plan, paths));
    case OP_REMOVE: done(op_remove(plan, paths));
    case OP_MERGE: done(op_merge(plan, paths));
    case OP_PROBE: done(op_probe(plan));
    case OP_MOUNT: done(op_mount(plan));
    case OP_UNMOUNT: done(op_unmount(plan));
    default: fail("plan", EINVAL, "", "unknown operation", "%s", "");
  }
}
