#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "arguments.h"
#include "failure.h"
#include "in-thread.h"
#include "register.h"

// Open file description locks belong to the descriptor, not to the process: they survive execve, and a second
// open of the same file by the same process conflicts, as one would expect.
static Napi::Value OfdLock(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  int fd = GetInt(from, "fd");
  std::string mode = GetString(from, "mode");
  struct flock lock;
  memset(&lock, 0, sizeof lock);
  lock.l_whence = SEEK_SET;
  if (mode == "read") lock.l_type = F_RDLCK;
  else if (mode == "write") lock.l_type = F_WRLCK;
  else if (mode == "unlock") lock.l_type = F_UNLCK;
  else throw Napi::TypeError::New(env, "mode must be read, write or unlock");
  std::string call = "(" + std::to_string(fd) + ", " + mode + ")";
  if (GetBool(from, "wait", false)) {
    return InThread(
        env,
        [=]() mutable -> Outcome {
          while (fcntl(fd, F_OFD_SETLKW, &lock) < 0)
            if (errno != EINTR) return {errno, "fcntl_OFD_SETLKW" + call, {}};
          return {0, "", {}};
        },
        [](Napi::Env env, const Outcome &) -> Napi::Value { return Napi::Boolean::New(env, true); });
  }
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return Napi::Boolean::New(env, true);
  if (errno == EAGAIN || errno == EACCES) return Napi::Boolean::New(env, false);
  throw Failure(env, "fcntl_OFD_SETLK" + call, errno);
}

static Napi::Value OfdTest(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = GetInt(ArgumentObject(info), "fd");
  struct flock lock;
  memset(&lock, 0, sizeof lock);
  lock.l_whence = SEEK_SET;
  // Only a write lock stands in the way of a read lock: those who wait with a read lock are not counted.
  lock.l_type = F_RDLCK;
  if (fcntl(fd, F_OFD_GETLK, &lock) < 0) throw Failure(env, "fcntl_OFD_GETLK(" + std::to_string(fd) + ")", errno);
  return Napi::Boolean::New(env, lock.l_type != F_UNLCK);
}

static Napi::Value Flock(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  int fd = GetInt(from, "fd");
  std::string mode = GetString(from, "mode");
  int operation = mode == "shared" ? LOCK_SH : mode == "exclusive" ? LOCK_EX : mode == "unlock" ? LOCK_UN : 0;
  if (operation == 0) throw Napi::TypeError::New(env, "mode must be shared, exclusive or unlock");
  std::string call = "flock(" + std::to_string(fd) + ", " + mode + ")";
  if (GetBool(from, "wait", false)) {
    return InThread(
        env,
        [=]() -> Outcome {
          while (flock(fd, operation) < 0)
            if (errno != EINTR) return {errno, call, {}};
          return {0, "", {}};
        },
        [](Napi::Env env, const Outcome &) -> Napi::Value { return Napi::Boolean::New(env, true); });
  }
  if (flock(fd, operation | LOCK_NB) == 0) return Napi::Boolean::New(env, true);
  if (errno == EWOULDBLOCK) return Napi::Boolean::New(env, false);
  throw Failure(env, call, errno);
}

void RegisterLocks(Napi::Env env, Napi::Object exports) {
  exports.Set("ofdLock", Napi::Function::New(env, OfdLock));
  exports.Set("ofdTest", Napi::Function::New(env, OfdTest));
  exports.Set("flock", Napi::Function::New(env, Flock));
}
