#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"
#include "child.h"
#include "failure.h"
#include "register.h"

// Replaces this process; comes back only with an error. Descriptors above 2 do not go along.
static Napi::Value Execve(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  std::string file = GetString(from, "file");
  std::vector<std::string> argv = GetStrings(from, "argv"), environment = GetStrings(from, "env");
  if (access(file.c_str(), X_OK) < 0) throw Failure(env, "execve(" + file + ")", errno);
  std::vector<char *> argvPointers = Pointers(argv), environmentPointers = Pointers(environment);
  // Where execve fails all the same, the engine goes on without its signal handlers just long enough to say so.
  ResetSignals();
  CloseOnExec(3, ~0u);
  // Node marks these as well when it starts.
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
  execve(file.c_str(), argvPointers.data(), environmentPointers.data());
  throw Failure(env, "execve(" + file + ")", errno);
}

void RegisterExec(Napi::Env env, Napi::Object exports) { exports.Set("execve", Napi::Function::New(env, Execve)); }
