#include <errno.h>
#include <fcntl.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "arguments.h"
#include "failure.h"
#include "register.h"

extern "C" {
#include "../runtime/resolve.h"
}

// By the runtime's own resolver, which walks by hand where the kernel has no openat2.
static Napi::Value OpenInRoot(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  std::string path = GetString(from, "path");
  int root = GetInt(from, "rootFd", -1);
  bool own = root < 0;
  if (own) {
    std::string folder = GetString(from, "root");
    root = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) throw Failure(env, "open(" + folder + ")", errno);
  }
  int fd;
  do fd = resolve(root, path.c_str(), GetInt(from, "flags", O_RDONLY));
  while (fd < 0 && errno == EINTR);
  int error = errno;
  if (own) close(root);
  if (fd < 0) throw Failure(env, "openat2(" + path + ", RESOLVE_IN_ROOT)", error);
  return Napi::Number::New(env, fd);
}

static Napi::Value StatfsType(const Napi::CallbackInfo &info) {
  std::string path = GetString(ArgumentObject(info), "path");
  struct statfs status;
  int result;
  do result = statfs(path.c_str(), &status);
  while (result < 0 && errno == EINTR);
  if (result < 0) throw Failure(info.Env(), "statfs(" + path + ")", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(static_cast<unsigned>(status.f_type)));
}

// Symbolic links are never followed.
static Napi::Value GetXattr(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  std::string path = GetString(from, "path"), name = GetString(from, "name");
  std::string value(256, '\0');
  for (;;) {
    ssize_t count = lgetxattr(path.c_str(), name.c_str(), &value[0], value.size());
    if (count >= 0) return Napi::Buffer<char>::Copy(env, value.data(), static_cast<size_t>(count));
    if (errno == ENODATA) return env.Undefined();
    if (errno != ERANGE || value.size() >= 65536) throw Failure(env, "lgetxattr(" + path + ", " + name + ")", errno);
    value.resize(65536);
  }
}

static Napi::Value SetXattr(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  std::string path = GetString(from, "path"), name = GetString(from, "name");
  Bytes value = GetBytes(from, "value");
  if (lsetxattr(path.c_str(), name.c_str(), value.data, value.length, 0) < 0) {
    throw Failure(info.Env(), "lsetxattr(" + path + ", " + name + ")", errno);
  }
  return info.Env().Undefined();
}

void RegisterFiles(Napi::Env env, Napi::Object exports) {
  exports.Set("openInRoot", Napi::Function::New(env, OpenInRoot));
  exports.Set("statfsType", Napi::Function::New(env, StatfsType));
  exports.Set("getxattr", Napi::Function::New(env, GetXattr));
  exports.Set("setxattr", Napi::Function::New(env, SetXattr));
}
