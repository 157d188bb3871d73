#include "seccomp-stub.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>

namespace {

constexpr uint32_t kX32Bit = 0x40000000;
constexpr uint32_t kNever = UINT32_MAX;  // no number is greater

using Program = std::vector<struct sock_filter>;

struct sock_filter Load(size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
struct sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
struct sock_filter Jump(uint16_t test, uint32_t value, uint8_t yes, uint8_t no) {
  return BPF_JUMP(static_cast<uint16_t>(BPF_JMP | test | BPF_K), value, yes, no);
}

// Each ends with the return; the jump over the other sections comes behind it. `no` of the last test skips the return.
Program Tests(uint32_t architecture, uint32_t number, uint32_t x32) {
  switch (architecture) {
    case SCMP_ARCH_X86_64:
      // x32 has the same architecture in the kernel's eyes and bit 30 in the number.
      return {Jump(BPF_JGE, kX32Bit, 1, 0), Jump(BPF_JGT, number, 1, 2), Jump(BPF_JGT, x32, 0, 1)};
    case SCMP_ARCH_ARM:
      // ARM's private calls (set_tls, cacheflush) are up there since ever.
      return {Jump(BPF_JGE, 0x0f0000, 2, 0), Jump(BPF_JGT, number, 0, 1)};
    case SCMP_ARCH_S390:
    case SCMP_ARCH_S390X:
      // A number above 255 comes in a register; one that the kernel does not know arrives as 0.
      return {Jump(BPF_JEQ, 0, 1, 0), Jump(BPF_JGT, number, 0, 1)};
    default:
      return {Jump(BPF_JGT, number, 0, 1)};
  }
}

uint32_t Find(const std::vector<LastCall> &last, uint32_t architecture) {
  for (const LastCall &call : last)
    if (call.architecture == architecture) return call.number;
  return kNever;
}

}  // namespace

std::vector<struct sock_filter> NewerCallsAnswerEnosys(const std::vector<LastCall> &last) {
  std::vector<Program> sections;
  uint32_t x32 = Find(last, SCMP_ARCH_X32);
  bool x64 = Find(last, SCMP_ARCH_X86_64) != kNever;
  for (const LastCall &call : last) {
    uint32_t architecture = call.architecture, number = call.number;
    if (architecture == SCMP_ARCH_X32) {
      if (x64) continue;
      architecture = SCMP_ARCH_X86_64, number = kNever;
    }
    Program tests = Tests(architecture, number, x32);
    // Without a match to the next section: over the load, the tests, the return and the jump.
    Program section = {Jump(BPF_JEQ, architecture, 0, static_cast<uint8_t>(tests.size() + 3)), Load(offsetof(struct seccomp_data, nr))};
    section.insert(section.end(), tests.begin(), tests.end());
    section.push_back(Return(SECCOMP_RET_ERRNO | ENOSYS));
    sections.push_back(section);
  }
  if (sections.empty()) return {};
  Program program = {Load(offsetof(struct seccomp_data, arch))};
  size_t rest = 0;
  for (const Program &section : sections) rest += section.size() + 1;
  for (const Program &section : sections) {
    rest -= section.size() + 1;
    program.insert(program.end(), section.begin(), section.end());
    program.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(rest)));
  }
  return program;
}
