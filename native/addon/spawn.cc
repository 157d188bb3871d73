#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "child.h"
#include "failure.h"
#include "register.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

static int Entry(void *argument) {
  BecomeChild(static_cast<Child *>(argument));
  _exit(127);
}

static std::vector<FdPair> ReadFds(const Napi::Object &from) {
  std::vector<FdPair> pairs;
  if (!Has(from, "fds")) return pairs;
  Napi::Value value = from.Get("fds");
  if (!value.IsArray()) throw Napi::TypeError::New(from.Env(), "fds must be an array of [child, parent]");
  Napi::Array list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Value entry = list.Get(i);
    if (!entry.IsArray() || entry.As<Napi::Array>().Length() != 2) throw Napi::TypeError::New(from.Env(), "fds must be an array of [child, parent]");
    Napi::Array pair = entry.As<Napi::Array>();
    int child = pair.Get(0u).ToNumber().Int32Value(), parent = pair.Get(1u).ToNumber().Int32Value();
    if (child < 0 || child > 1023 || parent < 0) throw Napi::TypeError::New(from.Env(), "a descriptor in fds is out of range");
    pairs.push_back({child, parent});
  }
  return pairs;
}

// As vfork: the parent's memory is shared until execve, so the error comes back in it, and nothing is copied
// however large the JavaScript heap is. The child gets a stack of its own.
static Napi::Value Spawn(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  bool byFd = from.Get("file").IsNumber();
  std::string file = byFd ? "" : GetString(from, "file"), cwd = GetString(from, "cwd", "");
  std::vector<std::string> argv = GetStrings(from, "argv"), environment = GetStrings(from, "env");
  std::vector<char *> argvPointers = Pointers(argv), environmentPointers = Pointers(environment);
  std::vector<FdPair> fds = ReadFds(from);
  std::vector<int> scratch(fds.size() + 1);
  Child child = {};
  child.file = byFd ? nullptr : file.c_str();
  child.fileFd = byFd ? GetInt(from, "file") : -1;
  child.argv = argvPointers.data();
  child.envp = environmentPointers.data();
  child.fds = fds.data();
  child.fdCount = fds.size();
  child.setsid = GetBool(from, "setsid", false);
  child.cwd = cwd.empty() ? nullptr : cwd.c_str();
  child.scratch = scratch.data();

  const size_t stackSize = 256 * 1024;
  void *stack = mmap(nullptr, stackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) throw Failure(env, "mmap(stack)", errno);
  // No handler of the engine may run on the child's side of the shared memory.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  int pid = clone(Entry, static_cast<char *>(stack) + stackSize, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
  int cloneError = errno;
  if (pid > 0 && child.error != 0) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  munmap(stack, stackSize);
  if (pid < 0) throw Failure(env, "clone(CLONE_VM | CLONE_VFORK)", cloneError);
  if (child.error != 0) {
    if (pidfd >= 0) close(pidfd);
    std::string call = child.failedCall, subject = call == "execve" ? file : cwd;
    throw Failure(env, call == "execve" || call == "chdir" ? call + "(" + subject + ")" : call, child.error);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, pid));
  // Before Linux 5.2 the flag is ignored.
  result.Set("pidfd", pidfd < 0 ? env.Undefined() : Napi::Value(Napi::Number::New(env, pidfd)));
  return result;
}

void RegisterSpawn(Napi::Env env, Napi::Object exports) { exports.Set("spawn", Napi::Function::New(env, Spawn)); }
