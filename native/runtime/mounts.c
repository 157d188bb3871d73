#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "copyup.h"
#include "filesystem.h"
#include "give.h"
#include "mountapi.h"
#include "report.h"
#include "resolve.h"
#include "sources.h"
#include "tree.h"

const char *mount_reason(int error) {
  switch (error) {
    case ENOSPC: return "no more mounts are allowed in one namespace (sysctl fs.mount-max)";
    case EROFS: return "it is not in the image, and the root file system is read-only";
    case EOVERFLOW: return "a directory on the way belongs to a user or group that has no id in the container";
    case ESTALE: return "somebody exchanged a part of the path meanwhile";
    default: return "";
  }
}

/* Files that lxcfs and its like stand in for, as in runc; their contents steer nothing. */
static bool is_stand_in(const char *target) {
  static const char *const files[] = {
    "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg", "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (strcmp(target, files[i]) == 0) return true;
  }
  return false;
}

/* Nothing else is ever mounted or made on procfs: what looks like a path there is a switch of a process (CVE-2019-16884, CVE-2025-52881). */
static void refuse_procfs(const struct mount_step *step, int fd) {
  struct statfs status;
  if (fstatfs(fd, &status) < 0) fail("mount", errno, step->target, "", "fstatfs(%s)", step->target);
  if (status.f_type != PROC_SUPER_MAGIC || (step->kind == MOUNT_BIND && is_stand_in(step->target))) return;
  fail("mount", EPERM, step->target, "it lies inside /proc, where nothing can be mounted", "mount()");
}

int mount_open_target(const struct mount_step *step, int root, mode_t mode, bool *made) {
  int fd = resolve_make(root, step->target, mode, made);
  if (fd < 0) fail("mount", errno, step->target, mount_reason(errno), "openat2(%s, RESOLVE_IN_ROOT)", step->target);
  refuse_procfs(step, fd);
  struct stat at, top;
  if (fstat(fd, &at) < 0 || fstat(root, &top) < 0) fail("mount", errno, step->target, "", "fstat()");
  if (at.st_dev == top.st_dev && at.st_ino == top.st_ino) fail("mount", EBUSY, step->target, "nothing can be mounted over the root itself", "mount()");
  if (S_ISDIR(at.st_mode) != S_ISDIR(mode)) {
    const char *detail = S_ISDIR(mode) ? "a directory can't be mounted on a file" : "a file can't be mounted on a directory";
    fail("mount", S_ISDIR(mode) ? ENOTDIR : EISDIR, step->target, detail, "mount(%s)", step->source);
  }
  return fd;
}

/* Trees to be given away, for which the user is to be known first. Held open: their paths are the container's, and who shares a volume could turn them. */
static struct { int fd; const struct mount_step *step; } presents[64];
static size_t present_count;

static void keep_present(const struct mount_step *step, int there) {
  if (!(step->flags & MOUNT_CHOWN)) return;
  if (present_count == sizeof presents / sizeof *presents) fail("mount", E2BIG, step->target, "no more than 64 mounts can be given away", "mount(%s)", step->source);
  presents[present_count].fd = fcntl(there, F_DUPFD_CLOEXEC, 3);
  if (presents[present_count].fd < 0) fail("mount", errno, step->target, "", "fcntl(F_DUPFD_CLOEXEC)");
  presents[present_count++].step = step;
}

static bool again;

void mounts_again(void) { again = true; }

static void copy_up(const struct mount_step *step, int from, int to) {
  struct stat image;
  /* What a volume takes over from the image it has taken the first time; a tmpfs is a new one. */
  if (again && step->kind == MOUNT_BIND) return;
  if (!(step->flags & MOUNT_COPY_UP) || fstat(from, &image) < 0 || !S_ISDIR(image.st_mode)) return;
  if (copy_tree_up(from, to) < 0) fail("mount", errno, step->target, "what the image has there could not be copied", "copy(%s)", step->target);
}

static void change(const struct mount_step *step, int mount, uint64_t attributes, uint64_t propagation) {
  if (tree_change(mount, attributes, propagation, step->flags & MOUNT_RECURSIVE) < 0) {
    fail("mount", errno, step->target, mount_reason(errno), "mount_setattr(%s, 0x%llx)", step->target, (unsigned long long)attributes);
  }
}

void mounts_give_away(const struct user *user) {
  for (size_t i = 0; i < present_count; i++) {
    const struct mount_step *step = presents[i].step;
    if (tree_give(presents[i].fd, user->uid, user->gid) < 0) {
      const char *detail = errno == EPERM || errno == EINVAL ? "something in it belongs to an id that the container has not" : errno == EROFS ? "it is read-only" : "";
      fail("mount", errno, step->target, detail, "chown(%s, %u, %u)", step->target, user->uid, user->gid);
    }
    change(step, presents[i].fd, step->attributes & ATTRIBUTE_RDONLY, 0);
    close(presents[i].fd);
  }
  present_count = 0;
}

static void mount_bind(const struct mount_step *step, int tree, int root) {
  if (tree < 0) return;
  struct stat source;
  if (fstat(tree, &source) < 0) fail("mount", errno, step->source, "", "fstat(%s)", step->source);
  bool made;
  int target = mount_open_target(step, root, S_ISDIR(source.st_mode) ? S_IFDIR | 0755 : S_IFREG | 0644, &made);
  int there = tree_attach(tree, target, root, step->target);
  if (there < 0) fail("mount", errno, step->target, mount_reason(errno), "move_mount(%s, %s)", step->source, step->target);
  /* What was made for the mount is not the image's, and says nothing about whose the volume is. */
  if (!made) copy_up(step, target, there);
  keep_present(step, there);
  /* Given away before it is read-only. */
  uint64_t later = step->flags & MOUNT_CHOWN ? ATTRIBUTE_RDONLY : 0;
  change(step, there, step->attributes & ~later, step->flags & MOUNT_SHARED ? MS_SHARED : step->flags & MOUNT_SLAVE ? MS_SLAVE : MS_PRIVATE);
  if (there != tree) close(there);
  close(tree);
  close(target);
}

static const char *refusal(const char *type, int error) {
  if (error == ENODEV) return "the kernel has no such file system";
  if (error != EPERM && error != EBUSY) return mount_reason(error);
  if (strcmp(type, "proc") == 0) return "the host's own /proc is partly covered, as inside another container, or the container has no pid namespace of its own: the host's /proc can be bound instead";
  if (strcmp(type, "sysfs") == 0) return "only a container with a network namespace of its own can mount it: the host's /sys can be bound instead";
  if (strcmp(type, "cgroup2") == 0 || strcmp(type, "cgroup") == 0) return "only a container with a cgroup namespace of its own can mount it";
  if (strcmp(type, "mqueue") == 0) return "only a container with an ipc namespace of its own can mount it";
  return "the kernel lets no user namespace mount this file system";
}

static unsigned long classic_flags(uint64_t attributes) {
  return (attributes & ATTRIBUTE_RDONLY ? MS_RDONLY : 0) | (attributes & ATTRIBUTE_NOSUID ? MS_NOSUID : 0) | (attributes & ATTRIBUTE_NODEV ? MS_NODEV : 0) |
         (attributes & ATTRIBUTE_NOEXEC ? MS_NOEXEC : 0) | (attributes & ATTRIBUTE_NOATIME ? MS_NOATIME : 0) |
         (attributes & ATTRIBUTE_STRICTATIME ? MS_STRICTATIME : 0) | (attributes & ATTRIBUTE_NODIRATIME ? MS_NODIRATIME : 0);
}

/* Before 5.2. The new file system is found at the target again, as in tree_attach. */
static int mount_classic(const struct mount_step *step, const char *data, uint64_t attributes, int target, int root) {
  if (mount(step->source, fd_path(target).text, step->source, classic_flags(attributes), data) < 0) return -1;
  int there = resolve(root, step->target, O_PATH);
  struct stat below, top;
  if (there < 0 || fstat(target, &below) < 0 || fstat(there, &top) < 0) return -1;
  if (below.st_dev == top.st_dev && below.st_ino == top.st_ino) return errno = ESTALE, -1;
  return there;
}

/* Masks are to lie on the same procfs and sysfs that were mounted: no link, which somebody could turn meanwhile, may stand there (CVE-2019-19921). */
static void refuse_link(const struct mount_step *step, int root) {
  struct stat status;
  int fd = resolve(root, step->target, O_PATH | O_NOFOLLOW);
  if (fd < 0) return; /* then it will be made */
  if (fstat(fd, &status) == 0 && S_ISLNK(status.st_mode)) fail("mount", ELOOP, step->target, "it is a symbolic link in the image", "mount(%s)", step->source);
  close(fd);
}

static void mount_fs(const struct mount_step *step, int root) {
  if (strcmp(step->source, "proc") == 0 || strcmp(step->source, "sysfs") == 0) refuse_link(step, root);
  bool made;
  int target = mount_open_target(step, root, S_IFDIR | 0755, &made);
  char data[4096];
  struct stat image;
  /* A tmpfs over a directory of the image is as open as that directory was (runc). */
  bool copies_mode = strcmp(step->source, "tmpfs") == 0 && !made && strstr(step->data, "mode=") == NULL && fstat(target, &image) == 0;
  int length = copies_mode ? snprintf(data, sizeof data, "mode=%o,%s", image.st_mode & 07777, step->data) : snprintf(data, sizeof data, "%s", step->data);
  if ((size_t)length >= sizeof data) fail("mount", ENAMETOOLONG, step->target, "", "mount(%s)", step->source);
  /* Written into before it is read-only. */
  uint64_t later = step->flags & MOUNT_COPY_UP ? step->attributes & ATTRIBUTE_RDONLY : 0;

  struct kernel_words words = {""};
  int there = filesystem_new(step->source, data, step->attributes & ~later, &words);
  if (there >= 0) there = tree_attach(there, target, root, step->target);
  else if (errno == ENOSYS) there = mount_classic(step, data, step->attributes & ~later, target, root);
  if (there < 0) {
    if (errno == ENODEV && (step->flags & MOUNT_OPTIONAL)) return (void)close(target);
    fail("mount", errno, step->target, *words.text != '\0' ? words.text : refusal(step->source, errno), "mount(%s, %s)", step->source, data);
  }
  copy_up(step, target, there);
  change(step, there, later, 0);
  close(there);
  close(target);
}

static void mount_symlink(const struct mount_step *step, int root) {
  char name[NAME_MAX + 1];
  int folder = resolve_parent(root, step->target, true, name);
  if (folder < 0 && (step->flags & MOUNT_OPTIONAL) != 0) return;
  if (folder < 0) fail("mount", errno, step->target, mount_reason(errno), "openat2(%s, RESOLVE_IN_ROOT)", step->target);
  refuse_procfs(step, folder);
  /* What is there already, of the image or of a folder bound to /dev, serves as well or is wanted so. */
  bool wanted = (step->flags & MOUNT_OPTIONAL) == 0;
  if (symlinkat(step->source, folder, name) < 0 && errno != EEXIST && wanted) fail("mount", errno, step->target, mount_reason(errno), "symlink(%s, %s)", step->source, step->target);
  close(folder);
}

static void mount_mkdir(const struct mount_step *step, int root) {
  int fd = resolve_make(root, step->target, S_IFDIR | (step->mode & 07777), NULL);
  if (fd < 0) fail("mount", errno, step->target, mount_reason(errno), "mkdir(%s)", step->target);
  close(fd);
}

static void mount_propagation(const struct mount_step *step, int root) {
  int fd = resolve(root, step->target, O_PATH);
  if (fd < 0) fail("mount", errno, step->target, "", "openat2(%s, RESOLVE_IN_ROOT)", step->target);
  if (tree_change(fd, 0, step->mode & ~(uint64_t)MS_REC, step->mode & MS_REC) < 0) {
    fail("mount", errno, step->target, errno == EINVAL ? "no file system is mounted there" : "", "mount_setattr(%s, propagation)", step->target);
  }
  close(fd);
}

void mounts_carry_out(const struct plan *plan, int root) {
  for (size_t i = 0; i < plan->mounts.count; i++) {
    const struct mount_step *step = &plan->mounts.at[i];
    switch ((enum mount_kind)step->kind) {
      case MOUNT_IMAGE:
      case MOUNT_BIND: mount_bind(step, source_take(plan, i), root); break;
      case MOUNT_FS: mount_fs(step, root); break;
      case MOUNT_SYMLINK: mount_symlink(step, root); break;
      case MOUNT_MASK: mount_mask(step, root); break;
      case MOUNT_READONLY: mount_readonly(step, root); break;
      case MOUNT_MKDIR: mount_mkdir(step, root); break;
      case MOUNT_PROPAGATION: mount_propagation(step, root); break;
      case MOUNT_CONTENT: mount_content(step, root); break;
      default: fail("plan", EINVAL, step->target, "", "mount kind %llu", (unsigned long long)step->kind);
    }
  }
}
