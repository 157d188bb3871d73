#ifndef LICHEN_ADDON_SECCOMP_STUB_H
#define LICHEN_ADDON_SECCOMP_STUB_H

#include <linux/filter.h>
#include <stdint.h>

#include <vector>

// The largest system call that a profile names, on one architecture of libseccomp's.
struct LastCall {
  uint32_t architecture;  // SCMP_ARCH_*, not SCMP_ARCH_NATIVE
  uint32_t number;        // with bit 30 on x32
};

/*
 * Instructions to put in front of a filter: system calls newer than all that the profile names answer ENOSYS, whatever
 * the profile says of those it does not name. A C library tries a new call and falls back on ENOSYS; EPERM it hands on to the
 * program, which then fails on every kernel newer than its profile (opencontainers/runc#2151). libseccomp can't express it.
 */
std::vector<struct sock_filter> NewerCallsAnswerEnosys(const std::vector<LastCall> &last);

#endif
