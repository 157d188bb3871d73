/*
 * The applier of layers: records on stdin, as the launcher makes them of a tar, into a directory of a tmpfs. Whatever they say, nothing
 * beside that directory is made, changed, linked or removed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operations.h"
#include "remove.h"
#include "scratch.h"
#include "survive.h"

extern const bool records_have_content;
const bool records_have_content = true; /* to records-mutator.c */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int root, records;
static struct id_map maps[] = {{0, 0, 1}, {1, 1000000, 65535}};
static struct stat victim[2];

static void look_at_victim(struct stat status[2]) {
  must(fstatat(root, "victim", &status[0], AT_SYMLINK_NOFOLLOW) == 0, "the victim's directory is there");
  must(fstatat(root, "victim/secret", &status[1], AT_SYMLINK_NOFOLLOW) == 0, "the victim's file is there");
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  root = scratch_open();
  umask(0);
  must(mkdirat(root, "victim", 0700) == 0, "mkdirat(victim)");
  int fd = openat(root, "victim/secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  must(fd >= 0 && write(fd, "secret", 6) == 6 && close(fd) == 0, "the victim's file can be written");
  look_at_victim(victim);
  records = memfd_create("records", MFD_CLOEXEC);
  must(records >= 0 && dup2(records, STDIN_FILENO) == STDIN_FILENO, "memfd_create()");
  return 0;
}

static void apply(void *argument) {
  (void)argument;
  struct plan plan = {.verb = VERB_UNSHARE, .op = OP_APPLY};
  plan.uid_maps = plan.gid_maps = (struct id_maps){scratch_has_ids() ? 2 : 1, maps};
  int layer = openat(root, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct totals totals = op_apply(&plan, &layer);
  must(totals.entries <= (1u << 20), "each entry takes bytes of the stream");
}

/* st_ctim tells of whatever has been done to it, links too; reading is not told. */
static void check_outside(void) {
  struct stat now[2];
  look_at_victim(now);
  for (int i = 0; i < 2; i++) {
    bool same = now[i].st_ino == victim[i].st_ino && now[i].st_nlink == victim[i].st_nlink && memcmp(&now[i].st_ctim, &victim[i].st_ctim, sizeof now[i].st_ctim) == 0;
    must(same, "nothing outside of the layer is changed");
  }
  DIR *top = fdopendir(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  must(top != NULL, "fdopendir()");
  for (const struct dirent *found; (found = readdir(top)) != NULL;) {
    bool ours = strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0 || strcmp(found->d_name, "victim") == 0 || strcmp(found->d_name, "layer") == 0;
    must(ours, "nothing is made outside of the layer");
  }
  closedir(top);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  must(ftruncate(records, 0) == 0 && pwrite(records, data, size, 0) == (ssize_t)size && lseek(records, 0, SEEK_SET) == 0, "the records can be written");
  must(mkdirat(root, "layer", 0755) == 0, "mkdirat(layer)");
  scratch_enter(root);
  survive(apply, NULL);
  scratch_leave();
  check_outside();
  must(remove_at(root, "layer") == 0, "whatever has been made can be removed");
  return 0;
}
