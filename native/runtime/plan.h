/* The plan as the runtime works with it. Read once, from a sealed memfd: every string points into its mapping. */
#ifndef LICHEN_PLAN_H
#define LICHEN_PLAN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

/* Meanings: enum plan_tag in protocol.h, each list under the tag of the same name. */

struct strings {
  size_t count;
  const char **at; /* NULL behind the last: fit for execve */
};

struct id_map {
  uint64_t container, host, size;
};

struct id_maps {
  size_t count;
  struct id_map *at;
};

struct join {
  uint64_t kind; /* one CLONE_NEW* bit */
  const char *path;
};

struct joins {
  size_t count;
  struct join *at;
};

struct setting {
  const char *key, *value;
};

struct settings {
  size_t count;
  struct setting *at;
};

struct mount_step {
  uint64_t kind; /* enum mount_kind */
  const char *source, *target, *data;
  uint64_t attributes; /* MOUNT_ATTR_* */
  uint64_t flags;      /* enum mount_flag bits */
  uint64_t mode;       /* MOUNT_MKDIR, MOUNT_CONTENT: permission bits; MOUNT_PROPAGATION: MS_* */
  const char *content; /* MOUNT_CONTENT */
  size_t content_size;
  struct strings lower; /* MOUNT_IMAGE: topmost first */
};

struct mount_steps {
  size_t count;
  struct mount_step *at;
};

struct capability_sets {
  uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct limit {
  uint64_t resource, soft, hard;
};

struct fixed_event {
  uint64_t phase; /* enum event_phase */
  const char *members;
};

struct fixed_events {
  size_t count;
  struct fixed_event *at;
};

struct limits {
  size_t count;
  struct limit *at;
};

struct plan {
  uint64_t verb; /* enum plan_verb */
  bool trace;
  const char *id;

  struct id_maps uid_maps, gid_maps;
  uid_t own_uid; /* ours: not in the plan, and not to be asked of a process in another user namespace */
  gid_t own_gid;
  const char *newuidmap, *newgidmap; /* NULL: write the map ourselves */
  bool setgroups_deny;

  uint64_t namespaces; /* CLONE_NEW* bits */
  struct joins joins;
  const char *hostname, *domainname; /* NULL: leave it */
  struct settings sysctls;

  uint64_t rootfs_kind; /* enum rootfs_kind; 0: no root file system in this plan */
  const char *merged, *upper, *work, *rootfs_options;
  struct strings lower; /* topmost first */
  const char *fuse_overlayfs;
  bool root_readonly;
  uint64_t root_propagation; /* MS_*; 0: as it is */
  struct mount_steps mounts;
  struct settings entries; /* file, line */

  struct strings args, env, groups;
  const char *cwd, *user;
  bool keep_groups, no_new_privs, init;
  struct capability_sets caps_root, caps_user;
  struct sock_fprog seccomp; /* len 0: none */
  uint64_t seccomp_flags;
  struct limits rlimits;
  bool has_umask, has_oom_score_adj, terminal, attached;
  uint64_t umask_bits, rows, columns, stdin_mode, given;
  int64_t oom_score_adj;

  struct strings net_helper, net_requests;
  const char *net_api_socket; /* NULL: none */

  uint64_t cgroup_mode; /* enum cgroup_mode */
  const char *cgroup_path, *cgroup_controllers; /* controllers NULL: none */
  struct settings cgroup_writes;

  const char *lock_file, *live_file, *exit_file, *attach_socket;
  uint64_t log_driver, log_max_size, log_max_files;
  const char *log_path, *log_extra;
  size_t log_extra_length;
  struct strings cleanup;
  const char *pidfile, *amendment_file, *grave; /* NULL: none */
  uint64_t timeout; /* milliseconds, 0: none */
  uint64_t restart_policy, restart_max; /* enum restart_policy; 0: no limit */

  struct {
    const char *file;
    uint64_t interval, timeout, retries, start_period, start_interval, action;
    const void *plan;
    size_t plan_length; /* 0: no checks */
  } health;
  const char *event_log, *event_head; /* NULL: no events */
  struct fixed_events fixed_events;
  uint64_t stop_signal, stop_timeout;

  uint64_t target_pid, target_start_time;

  uint64_t op; /* enum unshare_op */
  struct strings op_paths, op_own;
  uint64_t op_flags;
  uint64_t view; /* enum view_kind; 0: none */
  const char *view_path;
};

/* Maps and reads the plan on `fd`, which must be a sealed memfd; fails (report.h) in stage "plan" for anything else. */
void plan_read(int fd, struct plan *plan);

#endif
