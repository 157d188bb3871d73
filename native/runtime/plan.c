#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"
#include "report.h"

#define PLAN_MAX (64u << 20)

static _Noreturn void bad(const char *what) { fail("plan", EINVAL, "", what, "plan_read()"); }

/* Lists grow by one record at a time; they are short, and there is one plan a process. */
static void *grow(void *at, size_t count, size_t size) {
  void *larger = reallocarray(at, count, size);
  if (larger == NULL) bad("out of memory");
  return larger;
}

#define APPEND(list) ((list)->at = grow((list)->at, (list)->count + 1, sizeof *(list)->at), &(list)->at[(list)->count++])

static void append_string(struct strings *list, const char *text) {
  list->at = grow(list->at, list->count + 2, sizeof *list->at);
  list->at[list->count++] = text;
  list->at[list->count] = NULL;
}

static void read_id_map(struct fields *fields, struct id_maps *maps) {
  struct id_map *map = APPEND(maps);
  map->container = field_u(fields);
  map->host = field_u(fields);
  map->size = field_u(fields);
}

static void read_setting(struct fields *fields, struct settings *settings) {
  struct setting *setting = APPEND(settings);
  setting->key = field_s(fields);
  setting->value = field_s(fields);
}

static void read_mount(struct fields *fields, struct plan *plan) {
  struct mount_step *step = APPEND(&plan->mounts);
  *step = (struct mount_step){0};
  step->kind = field_u(fields);
  step->source = field_s(fields);
  step->target = field_s(fields);
  step->data = field_s(fields);
  step->attributes = field_u(fields);
  step->flags = field_u(fields);
  step->mode = field_u(fields);
}

static void read_content(struct fields *fields, struct plan *plan) {
  if (plan->mounts.count == 0) bad("content without a mount");
  struct mount_step *step = &plan->mounts.at[plan->mounts.count - 1];
  step->content = field_b(fields, &step->content_size);
}

static void read_mount_lower(struct fields *fields, struct plan *plan) {
  if (plan->mounts.count == 0) bad("a layer without a mount");
  append_string(&plan->mounts.at[plan->mounts.count - 1].lower, field_s(fields));
}

static void read_capabilities(struct fields *fields, struct capability_sets *sets) {
  sets->bounding = field_u(fields);
  sets->effective = field_u(fields);
  sets->inheritable = field_u(fields);
  sets->permitted = field_u(fields);
  sets->ambient = field_u(fields);
}

static void read_seccomp(struct fields *fields, struct plan *plan) {
  size_t length;
  const void *bytes = field_b(fields, &length);
  if (length == 0 || length % sizeof(struct sock_filter) != 0 || length / sizeof(struct sock_filter) > UINT16_MAX) bad("the seccomp program has a wrong size");
  /* Copied: the mapping does not align it. */
  struct sock_filter *filter = grow(NULL, 1, length);
  memcpy(filter, bytes, length);
  plan->seccomp.filter = filter;
  plan->seccomp.len = (unsigned short)(length / sizeof(struct sock_filter));
  plan->seccomp_flags = field_u(fields);
}

static void read_health(struct fields *fields, struct plan *plan) {
  plan->health.file = field_s(fields);
  plan->health.interval = field_u(fields);
  plan->health.timeout = field_u(fields);
  plan->health.retries = field_u(fields);
  plan->health.start_period = field_u(fields);
  plan->health.start_interval = field_u(fields);
  plan->health.action = field_u(fields);
  plan->health.plan = field_b(fields, &plan->health.plan_length);
}

static void read_rootfs(struct fields *fields, struct plan *plan) {
  plan->rootfs_kind = field_u(fields);
  plan->merged = field_s(fields);
  plan->upper = field_s(fields);
  plan->work = field_s(fields);
  plan->rootfs_options = field_s(fields);
}

static void read_record(uint32_t tag, struct fields *f, struct plan *plan) {
  switch ((enum plan_tag)tag) {
    case PLAN_VERB: plan->verb = field_u(f); break;
    case PLAN_ID: plan->id = field_s(f); break;
    case PLAN_TRACE: plan->trace = true; break;
    case PLAN_UID_MAP: read_id_map(f, &plan->uid_maps); break;
    case PLAN_GID_MAP: read_id_map(f, &plan->gid_maps); break;
    case PLAN_NEWUIDMAP: plan->newuidmap = field_s(f); break;
    case PLAN_NEWGIDMAP: plan->newgidmap = field_s(f); break;
    case PLAN_SETGROUPS_DENY: plan->setgroups_deny = true; break;
    case PLAN_NAMESPACES: plan->namespaces = field_u(f); break;
    case PLAN_JOIN: {
      struct join *join = APPEND(&plan->joins);
      join->kind = field_u(f);
      join->path = field_s(f);
      break;
    }
    case PLAN_HOSTNAME: plan->hostname = field_s(f); break;
    case PLAN_DOMAINNAME: plan->domainname = field_s(f); break;
    case PLAN_SYSCTL: read_setting(f, &plan->sysctls); break;
    case PLAN_ROOTFS: read_rootfs(f, plan); break;
    case PLAN_LOWER: append_string(&plan->lower, field_s(f)); break;
    case PLAN_FUSE_OVERLAYFS: plan->fuse_overlayfs = field_s(f); break;
    case PLAN_ROOT_READONLY: plan->root_readonly = true; break;
    case PLAN_ROOT_PROPAGATION: plan->root_propagation = field_u(f); break;
    case PLAN_MOUNT: read_mount(f, plan); break;
    case PLAN_MOUNT_CONTENT: read_content(f, plan); break;
    case PLAN_MOUNT_LOWER: read_mount_lower(f, plan); break;
    case PLAN_ENTRY: read_setting(f, &plan->entries); break;
    case PLAN_ARG: append_string(&plan->args, field_s(f)); break;
    case PLAN_ENV: append_string(&plan->env, field_s(f)); break;
    case PLAN_CWD: plan->cwd = field_s(f); break;
    case PLAN_USER: plan->user = field_s(f); break;
    case PLAN_GROUP: append_string(&plan->groups, field_s(f)); break;
    case PLAN_KEEP_GROUPS: plan->keep_groups = true; break;
    case PLAN_CAPS_ROOT: read_capabilities(f, &plan->caps_root); break;
    case PLAN_CAPS_USER: read_capabilities(f, &plan->caps_user); break;
    case PLAN_NO_NEW_PRIVS: plan->no_new_privs = true; break;
    case PLAN_SECCOMP: read_seccomp(f, plan); break;
    case PLAN_RLIMIT: {
      struct limit *limit = APPEND(&plan->rlimits);
      limit->resource = field_u(f);
      limit->soft = field_u(f);
      limit->hard = field_u(f);
      break;
    }
    case PLAN_UMASK: plan->has_umask = true, plan->umask_bits = field_u(f); break;
    case PLAN_OOM_SCORE_ADJ: plan->has_oom_score_adj = true, plan->oom_score_adj = (int64_t)field_u(f); break;
    case PLAN_TERMINAL: plan->terminal = true, plan->rows = field_u(f), plan->columns = field_u(f); break;
    case PLAN_STDIN: plan->stdin_mode = field_u(f); break;
    case PLAN_INIT: plan->init = true; break;
    case PLAN_STREAMS: plan->attached = field_u(f) == 1; break;
    case PLAN_GIVEN: plan->given = field_u(f); break;
    case PLAN_DETACH_KEYS: bad("detach keys are the client's");
    case PLAN_NET_HELPER: append_string(&plan->net_helper, field_s(f)); break;
    case PLAN_NET_API_SOCKET: plan->net_api_socket = field_s(f); break;
    case PLAN_NET_API_REQUEST: append_string(&plan->net_requests, field_s(f)); break;
    case PLAN_CGROUP: plan->cgroup_mode = field_u(f), plan->cgroup_path = field_s(f); break;
    case PLAN_CGROUP_CONTROLLERS: plan->cgroup_controllers = field_s(f); break;
    case PLAN_CGROUP_WRITE: read_setting(f, &plan->cgroup_writes); break;
    case PLAN_FILES:
      plan->lock_file = field_s(f), plan->live_file = field_s(f), plan->exit_file = field_s(f), plan->attach_socket = field_s(f);
      break;
    case PLAN_LOG:
      plan->log_driver = field_u(f), plan->log_path = field_s(f), plan->log_max_size = field_u(f), plan->log_max_files = field_u(f);
      plan->log_extra = field_b(f, &plan->log_extra_length);
      break;
    case PLAN_PIDFILE: plan->pidfile = field_s(f); break;
    case PLAN_GRAVE: plan->grave = field_s(f); break;
    case PLAN_AMENDMENT: plan->amendment_file = field_s(f); break;
    case PLAN_CLEANUP_ARG: append_string(&plan->cleanup, field_s(f)); break;
    case PLAN_STOP_TIMEOUT: plan->timeout = field_u(f); break;
    case PLAN_RESTART: plan->restart_policy = field_u(f), plan->restart_max = field_u(f); break;
    case PLAN_HEALTH: read_health(f, plan); break;
    case PLAN_STOP: plan->stop_signal = field_u(f), plan->stop_timeout = field_u(f); break;
    case PLAN_EVENTS: plan->event_log = field_s(f), plan->event_head = field_s(f); break;
    case PLAN_EVENT: {
      struct fixed_event *event = APPEND(&plan->fixed_events);
      event->phase = field_u(f);
      event->members = field_s(f);
      break;
    }
    case PLAN_TARGET: plan->target_pid = field_u(f), plan->target_start_time = field_u(f); break;
    case PLAN_OP: plan->op = field_u(f); break;
    case PLAN_OP_PATH: append_string(&plan->op_paths, field_s(f)); break;
    case PLAN_OP_FLAGS: plan->op_flags = field_u(f); break;
    case PLAN_OP_OWN: append_string(&plan->op_own, field_s(f)); break;
    case PLAN_VIEW: plan->view = field_u(f), plan->view_path = field_s(f); break;
    default: bad("unknown record: launcher and runtime are of different builds");
  }
}

void plan_read(int fd, struct plan *plan) {
  struct stat status;
  if (fstat(fd, &status) < 0) fail("plan", errno, "", "", "fstat(%d)", fd);
  /* Only what nobody can change any more is read without a copy. */
  int seals = fcntl(fd, F_GET_SEALS), wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  if (seals < 0 || (seals & wanted) != wanted) bad("the plan is not sealed");
  size_t size = (size_t)status.st_size;
  if (size < 8 || size > PLAN_MAX) bad("the plan has a wrong size");
  const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) fail("plan", errno, "", "", "mmap(plan, %zu)", size);
  if (memcmp(bytes, PLAN_MAGIC, 8) != 0) bad("the plan is of another build");
  memset(plan, 0, sizeof *plan);
  append_string(&plan->env, NULL), plan->env.count = 0;
  plan->cwd = "/", plan->user = "";
  plan->own_uid = geteuid(), plan->own_gid = getegid();
  struct records records = {.at = bytes + 8, .end = bytes + size};
  struct record record;
  while (records_next(&records, &record)) {
    struct fields fields = record.fields;
    read_record(record.tag, &fields, plan);
    if (fields.broken || fields.at != fields.end) bad("a record is broken");
  }
  if (records.broken) bad("the plan is cut off");
  if (plan->verb != VERB_RUN && plan->verb != VERB_EXEC && plan->verb != VERB_UNSHARE) bad("it has no verb");
}
