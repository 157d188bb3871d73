/* The one program of the demo image: looks around in its container and tells what it sees. Static, no shell needed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void heading(const char *text) { printf("\n%s\n", text); }

static void each_line(const char *path, void (*print)(char *line)) {
  char line[4096];
  FILE *file = fopen(path, "re");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    print(line);
  }
  fclose(file);
}

static void print_map(char *line) {
  unsigned long inside, outside, count;
  if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) != 3) return;
  if (count == 1) printf("  uid %lu in here is uid %lu on the host%s\n", inside, outside, inside == 0 ? ": root in here is you, and nobody more" : "");
  else printf("  uids %lu to %lu in here are %lu to %lu on the host\n", inside, inside + count - 1, outside, outside + count - 1);
}

/* mountinfo: "id parent dev root point options ... - type source super" */
static void print_mount(char *line) {
  char point[1024], type[64];
  char *behind = strstr(line, " - ");
  if (behind == NULL || sscanf(line, "%*s %*s %*s %*s %1023s", point) != 1 || sscanf(behind + 3, "%63s", type) != 1) return;
  if (strcmp(point, "/") == 0) printf("  / is an %s: the layers of the image below, a layer of this container's own on top\n", type);
}

static int mounts;
static void count_mount(char *line) { mounts += line[0] != '\0'; }

static void print_cgroup(char *line) {
  if (strncmp(line, "0::", 3) == 0) printf("  %s (seen from inside: a cgroup namespace of its own has its root there)\n", line + 3);
}

static void print_status(char *line) {
  if (strncmp(line, "CapEff:", 7) == 0) printf("  effective capabilities:%s (over this container's own things only)\n", line + 7);
  if (strncmp(line, "Seccomp:", 8) == 0) printf("  system calls are %s\n", strchr(line, '2') != NULL ? "filtered by seccomp" : "not filtered");
}

static void print_addresses(void) {
  struct ifaddrs *list;
  if (getifaddrs(&list) < 0) return;
  for (struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
    char text[INET_ADDRSTRLEN];
    if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET) continue;
    inet_ntop(AF_INET, &((struct sockaddr_in *)at->ifa_addr)->sin_addr, text, sizeof text);
    printf("  %s has %s%s\n", at->ifa_name, text, strncmp(at->ifa_name, "tap", 3) == 0 ? ": TCP/IP by slirp4netns, a normal process of yours" : "");
  }
  freeifaddrs(list);
}

static void print_processes(void) {
  int count = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
  closedir(proc);
  printf("  I am process %d, of %d that can be seen from here\n", getpid(), count);
}

int main(void) {
  struct utsname host;
  uname(&host);
  printf("Hello from a container that needed no root and no daemon.\n");
  printf("\nTo get here, lichen took the image from its store, stacked its layers, made new\nnamespaces under your own user id and started me in them. This is what I see:\n");
  heading("Identity");
  printf("  I am uid %u, gid %u, on a machine that calls itself %s (Linux %s)\n", getuid(), getgid(), host.nodename, host.release);
  each_line("/proc/self/uid_map", print_map);
  heading("Files");
  each_line("/proc/self/mountinfo", print_mount);
  each_line("/proc/self/mountinfo", count_mount);
  printf("  %d mounts in all, none of them seen by the host\n", mounts);
  heading("Network");
  print_addresses();
  heading("Processes");
  print_processes();
  each_line("/proc/self/status", print_status);
  heading("Cgroup");
  each_line("/proc/self/cgroup", print_cgroup);
  printf("\nGo on with:\n  lichen load -i IMAGE.tar, lichen pull NAME, lichen run -it NAME sh\n");
  return 0;
}
