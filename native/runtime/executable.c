#include "executable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SELF "/proc/self/exe"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Nobody in a container is the host's root, whoever starts it; a group or an ACL that may write shows in the mode. */
static bool out_of_reach(int exe) {
  struct stat status;
  struct statvfs system;
  if (fstat(exe, &status) < 0 || fstatvfs(exe, &system) < 0) fail("sandbox", errno, SELF, "", "fstat(%s)", SELF);
  if ((system.f_flag & ST_RDONLY) != 0) return true;
  return status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && geteuid() != 0;
}

/* How much of the file a process is made of: sections that no segment holds (symbols, debug information) lie behind. */
static size_t loaded_size(int exe) {
  ElfW(Ehdr) head;
  if (pread(exe, &head, sizeof head, 0) != sizeof head) fail("sandbox", errno, SELF, "", "pread(%s)", SELF);
  size_t size = head.e_phoff + (size_t)head.e_phnum * sizeof(ElfW(Phdr));
  for (int i = 0; i < head.e_phnum; i++) {
    ElfW(Phdr) segment;
    off_t at = (off_t)(head.e_phoff + (size_t)i * sizeof segment);
    if (pread(exe, &segment, sizeof segment, at) != sizeof segment) fail("sandbox", errno, SELF, "", "pread(%s)", SELF);
    if (segment.p_offset + segment.p_filesz > size) size = segment.p_offset + segment.p_filesz;
  }
  return size;
}

static int sealed_copy(int exe) {
  /* Without MFD_EXEC newer kernels complain, or refuse where vm.memfd_noexec is 1; older ones don't know the flag. */
  int copy = memfd_create("lichen-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (copy < 0 && errno == EINVAL) copy = memfd_create("lichen-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy < 0) fail("sandbox", errno, SELF, "", "memfd_create(MFD_EXEC)");
  for (size_t left = loaded_size(exe); left > 0;) {
    ssize_t count = sendfile(copy, exe, NULL, left);
    if (count <= 0) fail("sandbox", errno, SELF, "", "sendfile(memfd, %s, %zu)", SELF, left);
    left -= (size_t)count;
  }
  if (fcntl(copy, F_ADD_SEALS, SEALS) < 0) fail("sandbox", errno, SELF, "", "fcntl(memfd, F_ADD_SEALS)");
  return copy;
}

void executable_protect(char *const argv[]) {
  int exe = open(SELF, O_RDONLY | O_CLOEXEC);
  if (exe < 0) fail("sandbox", errno, SELF, "", "open(%s)", SELF);
  int seals = fcntl(exe, F_GET_SEALS);
  bool sealed = seals >= 0 && (seals & SEALS) == SEALS;
  if (sealed || out_of_reach(exe)) {
    close(exe);
    return;
  }
  int copy = sealed_copy(exe);
  syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);
  fail("sandbox", errno, SELF, "", "execveat(memfd)");
}
