#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "arguments.h"
#include "failure.h"
#include "register.h"
#include "seccomp-stub.h"

namespace {

// Part of the key of compiled programs that are kept: to be raised with every change of what is made of a profile.
constexpr const char *kRevision = "1";

struct Rule {
  std::vector<std::string> names;
  uint32_t action;
  std::vector<struct scmp_arg_cmp> conditions;
};

struct Filter {
  scmp_filter_ctx context;
  size_t rules = 0;
  explicit Filter(uint32_t action) : context(seccomp_init(action)) {}
  Filter(const Filter &) = delete;
  ~Filter() {
    if (context != nullptr) seccomp_release(context);
  }
};

std::string LibraryVersion() {
  const struct scmp_version *version = seccomp_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->micro);
}

Napi::TypeError Bad(Napi::Env env, const std::string &what) { return Napi::TypeError::New(env, what); }

uint32_t ReadAction(const Napi::Object &from, const char *name, const char *errnoName) {
  Napi::Env env = from.Env();
  std::string action = GetString(from, name);
  int code = GetInt(from, errnoName, EPERM);
  if (code < 0 || code > 4095) throw Bad(env, std::string(errnoName) + " must be an errno, 0 to 4095");
  if (action == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(static_cast<uint32_t>(code));
  if (action == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(static_cast<uint32_t>(code));
  // The specification wants it refused: somebody relies on a number that would never come.
  if (Has(from, errnoName)) throw Bad(env, action + " takes no " + errnoName);
  if (action == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
  if (action == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
  if (action == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
  if (action == "SCMP_ACT_KILL" || action == "SCMP_ACT_KILL_THREAD") return SCMP_ACT_KILL_THREAD;
  if (action == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
  if (action == "SCMP_ACT_NOTIFY") throw Bad(env, "SCMP_ACT_NOTIFY needs an agent that answers for the kernel, which lichen does not start");
  throw Bad(env, "unknown action \"" + action + "\"");
}

enum scmp_compare ReadOperator(const Napi::Object &from) {
  static const struct {
    const char *name;
    enum scmp_compare value;
  } operators[] = {
      {"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
  };
  std::string name = GetString(from, "op");
  for (const auto &known : operators)
    if (name == known.name) return known.value;
  throw Bad(from.Env(), "unknown operator \"" + name + "\"");
}

// JSON's 18446744073709551615 reaches us as 2^64. Other numbers above 2^53 have been rounded, and to compare with
// a rounded number would let through what was to be stopped.
uint64_t ReadOperand(const Napi::Object &from, const char *name) {
  return GetNumber(from, name) == 18446744073709551616.0 ? UINT64_MAX : GetWhole(from, name, (1ULL << 53) - 1);
}

struct scmp_arg_cmp ReadCondition(const Napi::Object &from) {
  int index = GetInt(from, "index");
  if (index < 0 || index > 5) throw Bad(from.Env(), "index of an argument must be 0 to 5");
  struct scmp_arg_cmp condition;
  memset(&condition, 0, sizeof condition);
  condition.arg = static_cast<unsigned>(index);
  condition.op = ReadOperator(from);
  condition.datum_a = ReadOperand(from, "value");
  condition.datum_b = Has(from, "valueTwo") ? ReadOperand(from, "valueTwo") : 0;
  return condition;
}

std::vector<Napi::Object> ReadObjects(const Napi::Object &from, const char *name) {
  std::vector<Napi::Object> objects;
  if (!Has(from, name)) return objects;
  Napi::Value value = from.Get(name);
  if (!value.IsArray()) throw Bad(from.Env(), std::string(name) + " must be an array");
  Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    Napi::Value entry = array.Get(i);
    if (!entry.IsObject()) throw Bad(from.Env(), std::string(name) + " must hold objects");
    objects.push_back(entry.As<Napi::Object>());
  }
  return objects;
}

std::vector<Rule> ReadRules(const Napi::Object &profile) {
  std::vector<Rule> rules;
  for (const Napi::Object &from : ReadObjects(profile, "syscalls")) {
    Rule rule = {GetStrings(from, "names"), ReadAction(from, "action", "errnoRet"), {}};
    for (const Napi::Object &condition : ReadObjects(from, "args")) rule.conditions.push_back(ReadCondition(condition));
    rules.push_back(rule);
  }
  return rules;
}

unsigned ReadFlags(const Napi::Object &profile) {
  enum { LOG = 1 << 1, SPEC_ALLOW = 1 << 2 };  // linux/seccomp.h of 4.17
  // Without a word from the profile: as runc, what kernels since 5.16 do anyway, and older ones at a price.
  if (!Has(profile, "flags")) return SPEC_ALLOW;
  unsigned flags = 0;
  for (const std::string &name : GetStrings(profile, "flags")) {
    if (name == "SECCOMP_FILTER_FLAG_LOG") flags |= LOG;
    else if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") flags |= SPEC_ALLOW;
    // One thread installs the filter, so there is nothing to synchronise.
    else if (name != "SECCOMP_FILTER_FLAG_TSYNC") throw Bad(profile.Env(), "flag \"" + name + "\" is not supported");
  }
  return flags;
}

// The native one first; all others are those that the profile names.
std::vector<uint32_t> AddArchitectures(Napi::Env env, const Filter &filter, const Napi::Object &profile) {
  std::vector<uint32_t> all = {seccomp_arch_native()};
  if (!Has(profile, "architectures")) return all;
  const std::string prefix = "SCMP_ARCH_";
  for (const std::string &name : GetStrings(profile, "architectures")) {
    std::string lower = name.compare(0, prefix.size(), prefix) == 0 ? name.substr(prefix.size()) : "";
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) { return static_cast<char>(tolower(letter)); });
    uint32_t token = lower == "native" ? all[0] : seccomp_arch_resolve_name(lower.c_str());
    if (token == 0) throw Bad(env, "architecture \"" + name + "\" is not known to libseccomp " + LibraryVersion());
    if (std::find(all.begin(), all.end(), token) != all.end()) continue;
    int result = seccomp_arch_add(filter.context, token);
    if (result < 0) throw Failure(env, "seccomp_arch_add(" + name + ")", -result);
    all.push_back(token);
  }
  return all;
}

void Add(Napi::Env env, Filter &filter, uint32_t action, const std::string &name, int number, const std::vector<struct scmp_arg_cmp> &conditions) {
  int result = seccomp_rule_add_array(filter.context, action, number, static_cast<unsigned>(conditions.size()), conditions.data());
  if (result == -EEXIST) throw Bad(env, "two rules for \"" + name + "\" contradict each other");
  if (result < 0) throw Failure(env, "seccomp_rule_add(" + name + ")", -result);
  filter.rules++;
}

// As runc: conditions on one and the same argument can't all hold in libseccomp, so each becomes a rule of its own.
void AddConditions(Napi::Env env, Filter &filter, const Rule &rule, const std::string &name, int number) {
  bool seen[6] = {}, repeated = false;
  for (const struct scmp_arg_cmp &condition : rule.conditions) {
    repeated = repeated || seen[condition.arg];
    seen[condition.arg] = true;
  }
  if (!repeated) return Add(env, filter, rule.action, name, number, rule.conditions);
  for (const struct scmp_arg_cmp &condition : rule.conditions) Add(env, filter, rule.action, name, number, {condition});
}

// Names that this libseccomp does not know are passed over, as Docker does: profiles are newer than libraries.
std::vector<std::string> AddRules(Napi::Env env, Filter &filter, const std::vector<Rule> &rules, uint32_t defaultAction) {
  std::vector<std::string> unknown;
  for (const Rule &rule : rules) {
    for (const std::string &name : rule.names) {
      int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) {
        if (std::find(unknown.begin(), unknown.end(), name) == unknown.end()) unknown.push_back(name);
        continue;
      }
      // libseccomp refuses rules that change nothing.
      if (rule.action != defaultAction) AddConditions(env, filter, rule, name, number);
    }
  }
  return unknown;
}

std::vector<LastCall> FindLast(const std::vector<uint32_t> &architectures, const std::vector<Rule> &rules) {
  std::vector<LastCall> last;
  for (uint32_t architecture : architectures) {
    int highest = -1;
    for (const Rule &rule : rules)
      for (const std::string &name : rule.names) highest = std::max(highest, seccomp_syscall_resolve_name_arch(architecture, name.c_str()));
    // Negative numbers stand for calls that the architecture does not have.
    if (highest >= 0) last.push_back({architecture, static_cast<uint32_t>(highest)});
  }
  return last;
}

std::vector<struct sock_filter> Export(Napi::Env env, const Filter &filter) {
  size_t size = 0;
  std::vector<struct sock_filter> program;
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)
  int result = seccomp_export_bpf_mem(filter.context, nullptr, &size);
  if (result < 0) throw Failure(env, "seccomp_export_bpf_mem()", -result);
  program.resize(size / sizeof(struct sock_filter));
  result = seccomp_export_bpf_mem(filter.context, program.data(), &size);
  if (result < 0) throw Failure(env, "seccomp_export_bpf_mem()", -result);
#else
  int fd = memfd_create("seccomp", MFD_CLOEXEC);
  if (fd < 0) throw Failure(env, "memfd_create(seccomp)", errno);
  int result = seccomp_export_bpf(filter.context, fd);
  off_t end = lseek(fd, 0, SEEK_END);
  if (result == 0 && end > 0) {
    size = static_cast<size_t>(end);
    program.resize(size / sizeof(struct sock_filter));
    if (pread(fd, program.data(), size, 0) != static_cast<ssize_t>(size)) result = -EIO;
  }
  close(fd);
  if (result < 0) throw Failure(env, "seccomp_export_bpf()", -result);
#endif
  if (size == 0 || size % sizeof(struct sock_filter) != 0) throw Failure(env, "seccomp_export_bpf()", EIO);
  return program;
}

bool LetsThrough(uint32_t action) { return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG || (action & 0xffff0000U) == SCMP_ACT_TRACE(0); }

Napi::Value SeccompProgram(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Value value = ArgumentObject(info).Get("profile");
  if (!value.IsObject()) throw Bad(env, "profile must be an object");
  Napi::Object profile = value.As<Napi::Object>();
  uint32_t defaultAction = ReadAction(profile, "defaultAction", "defaultErrnoRet");
  unsigned flags = ReadFlags(profile);
  std::vector<Rule> rules = ReadRules(profile);

  Filter filter(defaultAction);
  if (filter.context == nullptr) throw Failure(env, "seccomp_init()", EINVAL);
  std::vector<uint32_t> architectures = AddArchitectures(env, filter, profile);
  std::vector<std::string> unknown = AddRules(env, filter, rules, defaultAction);
#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 5)
  // A binary tree in place of a list, for every system call goes through it. With no rule at all, 2.5.4 makes a wrong one.
  if (filter.rules > 32) seccomp_attr_set(filter.context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#endif

  std::vector<struct sock_filter> program;
  // To give ENOSYS where the profile lets everything through would take away what it gives.
  if (!LetsThrough(defaultAction)) program = NewerCallsAnswerEnosys(FindLast(architectures, rules));
  std::vector<struct sock_filter> exported = Export(env, filter);
  program.insert(program.end(), exported.begin(), exported.end());
  if (program.size() > BPF_MAXINSNS) {
    throw Bad(env, "it needs " + std::to_string(program.size()) + " instructions, and the kernel takes " + std::to_string(BPF_MAXINSNS));
  }

  Napi::Array names = Napi::Array::New(env, unknown.size());
  for (uint32_t i = 0; i < unknown.size(); i++) names.Set(i, unknown[i]);
  Napi::Object result = Napi::Object::New(env);
  result.Set("program", Napi::Buffer<char>::Copy(env, reinterpret_cast<const char *>(program.data()), program.size() * sizeof(struct sock_filter)));
  result.Set("flags", Napi::Number::New(env, flags));
  result.Set("unknown", names);
  return result;
}

Napi::Value SeccompRevision(const Napi::CallbackInfo &info) {
  return Napi::String::New(info.Env(), kRevision + std::string("/") + LibraryVersion());
}

}  // namespace

void RegisterSeccomp(Napi::Env env, Napi::Object exports) {
  exports.Set("seccompProgram", Napi::Function::New(env, SeccompProgram));
  exports.Set("seccompRevision", Napi::Function::New(env, SeccompRevision));
}
