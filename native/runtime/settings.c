#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "report.h"
#include "resolve.h"

static void loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0) fail("network", errno, "lo", "", "ioctl(SIOCGIFFLAGS, lo)");
  request.ifr_flags |= IFF_UP | IFF_RUNNING;
  if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) fail("network", errno, "lo", "", "ioctl(SIOCSIFFLAGS, lo)");
  close(fd);
}

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" alike; which of the two comes first separates, and the other is a letter (sysctl(8)). */
static void key_to_path(const char *key, char *path) {
  size_t first = strcspn(key, "./");
  bool swap = key[first] == '.';
  for (; *key != '\0'; key++) *path++ = swap && *key == '.' ? '/' : swap && *key == '/' ? '.' : *key;
  *path = '\0';
}

/* Procfs shows each process the values of its own namespaces; what somebody has mounted below /proc/sys is not meant (RESOLVE_NO_XDEV). */
static void write_sysctl(const struct setting *setting) {
  char path[PATH_MAX];
  if (strlen(setting->key) >= sizeof path) fail("sysctl", ENAMETOOLONG, "", "", "open()");
  key_to_path(setting->key, path);
  int folder = open("/proc/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) fail("sysctl", errno, setting->key, "", "open(/proc/sys)");
  int fd = resolve(folder, path, O_WRONLY | O_NOFOLLOW);
  struct statfs status;
  const char *detail = errno == EACCES || errno == EPERM ? "only the host's root may set it, or it has no value for each container"
                       : errno == EROFS                  ? "the host's /proc/sys is read-only, as inside another container"
                                                         : "";
  if (fd < 0) fail("sysctl", errno, setting->key, detail, "open(/proc/sys/%s)", path);
  if (fstatfs(fd, &status) < 0 || status.f_type != PROC_SUPER_MAGIC) fail("sysctl", EXDEV, setting->key, "", "open(/proc/sys/%s)", path);
  size_t length = strlen(setting->value);
  if (write(fd, setting->value, length) != (ssize_t)length) fail("sysctl", errno, setting->key, "", "write(/proc/sys/%s, %s)", path, setting->value);
  close(fd);
  close(folder);
}

void oom_score_set(const struct plan *plan) {
  if (!plan->has_oom_score_adj) return;
  char text[24];
  int length = snprintf(text, sizeof text, "%lld", (long long)plan->oom_score_adj);
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  ssize_t written = fd < 0 ? -1 : write(fd, text, (size_t)length);
  int error = errno;
  prctl(PR_SET_DUMPABLE, dumpable == 1, 0, 0, 0);
  if (written < 0) {
    const char *detail = error == EACCES || error == EPERM ? "only the host's root may go below the value that you have (/proc/self/oom_score_adj)" : "";
    fail("sandbox", error, "oom_score_adj", detail, "write(/proc/self/oom_score_adj, %s)", text);
  }
  close(fd);
}

void settings_apply(const struct plan *plan) {
  oom_score_set(plan);
  if (plan->hostname != NULL && sethostname(plan->hostname, strlen(plan->hostname)) < 0) {
    fail("namespace", errno, plan->hostname, errno == EINVAL ? "a host name has 64 bytes at most" : "", "sethostname(%s)", plan->hostname);
  }
  if (plan->domainname != NULL && setdomainname(plan->domainname, strlen(plan->domainname)) < 0) {
    fail("namespace", errno, plan->domainname, errno == EINVAL ? "a domain name has 64 bytes at most" : "", "setdomainname(%s)", plan->domainname);
  }
  if (plan->namespaces & CLONE_NEWNET) loopback_up();
  for (size_t i = 0; i < plan->sysctls.count; i++) write_sysctl(&plan->sysctls.at[i]);
}
