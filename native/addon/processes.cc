#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "failure.h"
#include "in-thread.h"
#include "register.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

// Field 22 of /proc/PID/stat, or -1. The second field may hold blanks and parentheses.
static long long StartTime(int pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t count = read(fd, text, sizeof text - 1);
  close(fd);
  if (count <= 0) return -1;
  text[count] = '\0';
  char *at = strrchr(text, ')');
  if (at == nullptr) return -1;
  at++;
  for (int field = 2; field < 21; field++) {
    at = strchr(at + 1, ' ');
    if (at == nullptr) return -1;
  }
  return strtoll(at, nullptr, 10);
}

static Napi::Value ProcessStartTime(const Napi::CallbackInfo &info) {
  int pid = GetPid(ArgumentObject(info), "pid");
  long long start = StartTime(pid);
  if (start < 0) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(start));
}

static Napi::Value PidfdOpen(const Napi::CallbackInfo &info) {
  int pid = GetPid(ArgumentObject(info), "pid");
  // Close-on-exec by itself.
  long fd = syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) throw Failure(info.Env(), "pidfd_open(" + std::to_string(pid) + ")", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

// The pidfd pins the process first; then its start time tells whether it is the one that was meant, and not one
// that got the number since. Before Linux 5.3 there is no pidfd, and a window of some microseconds stays.
static Napi::Value PidfdSendSignal(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  int pid = GetPid(from, "pid");
  int signal = GetInt(from, "signal");
  long long wanted = static_cast<long long>(GetWhole(from, "startTime", 1ULL << 53));
  std::string call = "pidfd_send_signal(" + std::to_string(pid) + ", " + std::to_string(signal) + ")";
  int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  bool pinned = fd >= 0;
  if (!pinned && errno != ENOSYS) throw Failure(env, call, errno);
  int error = 0;
  if (StartTime(pid) != wanted) error = ESRCH;
  else if ((pinned ? syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) : kill(pid, signal)) < 0) error = errno;
  if (pinned) close(fd);
  if (error != 0) throw Failure(env, call, error);
  return env.Undefined();
}

static Napi::Value Kill(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  int pid = GetPid(from, "pid");
  int signal = GetInt(from, "signal");
  if (kill(pid, signal) < 0) {
    throw Failure(info.Env(), "kill(" + std::to_string(pid) + ", " + std::to_string(signal) + ")", errno);
  }
  return info.Env().Undefined();
}

// Waits for this one child only: what libuv or Bun reap themselves is not touched.
static Napi::Value WaitPid(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  int pidfd = GetInt(from, "pidfd", -1);
  int pid = pidfd >= 0 ? -1 : GetPid(from, "pid");
  return InThread(
      info.Env(),
      [=]() -> Outcome {
        siginfo_t status;
        memset(&status, 0, sizeof status);
        while (waitid(pidfd >= 0 ? static_cast<idtype_t>(P_PIDFD) : P_PID, static_cast<id_t>(pidfd >= 0 ? pidfd : pid), &status, WEXITED) < 0)
          if (errno != EINTR) return {errno, "waitid(" + std::to_string(pidfd >= 0 ? pidfd : pid) + ")", {}};
        bool exited = status.si_code == CLD_EXITED;
        return {0, "", {exited ? status.si_status : -1, exited ? -1 : status.si_status}};
      },
      [](Napi::Env env, const Outcome &outcome) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        auto orUndefined = [&](int value) -> Napi::Value { return value < 0 ? env.Undefined() : Napi::Value(Napi::Number::New(env, value)); };
        result.Set("code", orUndefined(outcome.values[0]));
        result.Set("signal", orUndefined(outcome.values[1]));
        return result;
      });
}

void RegisterProcesses(Napi::Env env, Napi::Object exports) {
  exports.Set("processStartTime", Napi::Function::New(env, ProcessStartTime));
  exports.Set("pidfdOpen", Napi::Function::New(env, PidfdOpen));
  exports.Set("pidfdSendSignal", Napi::Function::New(env, PidfdSendSignal));
  exports.Set("kill", Napi::Function::New(env, Kill));
  exports.Set("waitPid", Napi::Function::New(env, WaitPid));
}
