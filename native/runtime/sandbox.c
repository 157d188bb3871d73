#include "sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "report.h"

static void set_limit(const struct limit *limit) {
  static const char *const names[] = {"cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
  const char *name = limit->resource < sizeof names / sizeof *names ? names[limit->resource] : "?";
  struct rlimit wanted = {.rlim_cur = limit->soft, .rlim_max = limit->hard}, has;
  if (setrlimit((int)limit->resource, &wanted) == 0) return;
  int error = errno;
  char detail[160] = "";
  if (error == EPERM && getrlimit((int)limit->resource, &has) == 0) {
    snprintf(detail, sizeof detail, "only the host's root may raise it above your own hard limit of %llu (ulimit -H)", (unsigned long long)has.rlim_max);
  }
  fail("sandbox", error, name, detail, "setrlimit(%s, %llu, %llu)", name, (unsigned long long)limit->soft, (unsigned long long)limit->hard);
}

static bool filter_needs_privilege(const struct plan *plan) { return plan->seccomp.len > 0 && !plan->no_new_privs; }

static struct caps final_caps(const struct plan *plan, const struct user *user) {
  const struct capability_sets *sets = user->uid == 0 ? &plan->caps_root : &plan->caps_user;
  struct caps has;
  if (caps_get(&has) < 0) fail("sandbox", errno, "", "", "capget()");
  /* What this kernel does not know, nobody has: to ask for it would be EPERM. */
  return (struct caps){.effective = sets->effective & has.permitted, .permitted = sets->permitted & has.permitted, .inheritable = sets->inheritable & has.permitted};
}

void sandbox_enter(const struct plan *plan, const struct user *user) {
  for (size_t i = 0; i < plan->rlimits.count; i++) set_limit(&plan->rlimits.at[i]);
  const struct capability_sets *sets = user->uid == 0 ? &plan->caps_root : &plan->caps_user;
  if (caps_bound(sets->bounding) < 0) fail("sandbox", errno, "", "", "prctl(PR_CAPBSET_DROP)");
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) fail("sandbox", errno, "", "", "prctl(PR_SET_KEEPCAPS)");
  users_become(plan, user);
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) fail("sandbox", errno, "", "", "prctl(PR_SET_KEEPCAPS, 0)");

  struct caps caps = final_caps(plan, user);
  uint64_t ambient = sets->ambient & caps.permitted & caps.inheritable;
  if (filter_needs_privilege(plan)) caps.effective |= 1 << CAP_SYS_ADMIN, caps.permitted |= 1 << CAP_SYS_ADMIN;
  if (caps_set(&caps) < 0) fail("sandbox", errno, "", "", "capset(0x%llx)", (unsigned long long)caps.permitted);
  if (caps_ambient(ambient) < 0) fail("sandbox", errno, "", "", "prctl(PR_CAP_AMBIENT_RAISE)");
  if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail("sandbox", errno, "", "", "prctl(PR_SET_NO_NEW_PRIVS)");
}

void sandbox_close(const struct plan *plan, const struct user *user) {
  if (plan->seccomp.len == 0) return;
  struct caps caps = final_caps(plan, user);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->seccomp_flags, &plan->seccomp) < 0) {
    fail("sandbox", errno, "seccomp", errno == EINVAL ? "the kernel takes no filter, or not these flags" : "", "seccomp(0x%llx)", (unsigned long long)plan->seccomp_flags);
  }
  if (filter_needs_privilege(plan) && caps_set(&caps) < 0) fail("sandbox", errno, "", "the seccomp filter allows no capset", "capset()");
}
