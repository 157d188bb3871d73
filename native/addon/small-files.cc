#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "arguments.h"
#include "failure.h"
#include "register.h"

/*
 * Files as node:fs has them, for lib/system/fs.ts: in the standalone build that module costs each start more than all of a short
 * command (docs/adr/0011). Nothing here leaves the thread.
 */

template <typename Call>
static auto Retried(Call call) {
  decltype(call()) result;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

// In libuv's words, which are not always those of the C library.
static std::string Words(int error) {
  switch (error) {
    case EBUSY: return "resource busy or locked";
    case EEXIST: return "file already exists";
    case EIO: return "i/o error";
    case EISDIR: return "illegal operation on a directory";
    case ELOOP: return "too many symbolic links encountered";
    case ENAMETOOLONG: return "name too long";
    case EXDEV: return "cross-device link not permitted";
  }
  std::string words = strerror(error);
  words[0] = static_cast<char>(tolower(words[0]));
  return words;
}

static Napi::Error FileFailure(Napi::Env env, const char *call, const std::string &path, int error, const std::string &target = "") {
  Napi::Error failure = Failure(env, call, error);
  std::string code = failure.Get("code").As<Napi::String>();
  std::string text = code + ": " + Words(error) + ", " + call;
  if (!path.empty()) {
    text += " '" + path + "'";
    failure.Set("path", Napi::String::New(env, path));
  }
  if (!target.empty()) {
    text += " -> '" + target + "'";
    failure.Set("dest", Napi::String::New(env, target));
  }
  failure.Set("message", Napi::String::New(env, text));
  return failure;
}

static Napi::Value OpenFile(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  std::string path = GetString(from, "path");
  int flags = GetInt(from, "flags") | O_CLOEXEC;
  mode_t mode = static_cast<mode_t>(GetInt(from, "mode"));
  int fd = Retried([&] { return open(path.c_str(), flags, mode); });
  if (fd < 0) throw FileFailure(info.Env(), "open", path, errno);
  return Napi::Number::New(info.Env(), fd);
}

static Napi::Value CloseFile(const Napi::CallbackInfo &info) {
  // EINTR: the descriptor is free all the same (Linux).
  if (close(GetInt(ArgumentObject(info), "fd")) < 0 && errno != EINTR) throw FileFailure(info.Env(), "close", "", errno);
  return info.Env().Undefined();
}

// From the descriptor's offset to the end.
static Napi::Value ReadRest(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = GetInt(ArgumentObject(info), "fd");
  struct stat status;
  std::string bytes;
  // One more than a regular file has: the end is seen without a bigger buffer. Files of /proc say that they have none.
  bytes.resize(fstat(fd, &status) == 0 && status.st_size > 0 && status.st_size < 1 << 30 ? static_cast<size_t>(status.st_size) + 1 : 8192);
  size_t length = 0;
  for (;;) {
    ssize_t count = Retried([&] { return read(fd, &bytes[length], bytes.size() - length); });
    if (count < 0) throw FileFailure(env, "read", "", errno);
    if (count == 0) break;
    length += static_cast<size_t>(count);
    if (length == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  return Napi::Buffer<char>::Copy(env, bytes.data(), length);
}

// How many of the bytes one write has taken.
static Napi::Value WriteSome(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  int fd = GetInt(from, "fd");
  Bytes bytes = GetBytes(from, "bytes");
  ssize_t count = Retried([&] { return write(fd, bytes.data, bytes.length); });
  if (count < 0) throw FileFailure(info.Env(), "write", "", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

static double Milliseconds(const struct timespec &time) {
  return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_nsec) / 1e6;
}

// [dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atime, mtime, ctime], times in milliseconds.
static Napi::Value StatFile(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  struct stat status;
  if (Has(from, "fd")) {
    if (fstat(GetInt(from, "fd"), &status) < 0) throw FileFailure(env, "fstat", "", errno);
  } else {
    std::string path = GetString(from, "path");
    bool follow = GetBool(from, "follow", true);
    int result = Retried([&] { return fstatat(AT_FDCWD, path.c_str(), &status, follow ? 0 : AT_SYMLINK_NOFOLLOW); });
    if (result < 0 && (errno == ENOENT || errno == ENOTDIR) && GetBool(from, "maybe", false)) return env.Undefined();
    if (result < 0) throw FileFailure(env, follow ? "stat" : "lstat", path, errno);
  }
  Napi::Float64Array fields = Napi::Float64Array::New(env, 12);
  double values[] = {
      static_cast<double>(status.st_dev), static_cast<double>(status.st_ino), static_cast<double>(status.st_mode),
      static_cast<double>(status.st_nlink), static_cast<double>(status.st_uid), static_cast<double>(status.st_gid),
      static_cast<double>(status.st_rdev), static_cast<double>(status.st_size), static_cast<double>(status.st_blocks),
      Milliseconds(status.st_atim), Milliseconds(status.st_mtim), Milliseconds(status.st_ctim),
  };
  memcpy(fields.Data(), values, sizeof values);
  return fields;
}

// { names, types }: types as in d_type of readdir(3).
static Napi::Value ReadFolder(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  std::string path = GetString(ArgumentObject(info), "path");
  std::unique_ptr<DIR, int (*)(DIR *)> folder(opendir(path.c_str()), closedir);
  if (!folder) throw FileFailure(env, "scandir", path, errno);
  Napi::Array names = Napi::Array::New(env), types = Napi::Array::New(env);
  uint32_t count = 0;
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(folder.get());
    if (entry == nullptr) break;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    names.Set(count, Napi::String::New(env, entry->d_name));
    types.Set(count++, Napi::Number::New(env, entry->d_type));
  }
  if (errno != 0) throw FileFailure(env, "scandir", path, errno);
  Napi::Object result = Napi::Object::New(env);
  result.Set("names", names);
  result.Set("types", types);
  return result;
}

static Napi::Value ReadLink(const Napi::CallbackInfo &info) {
  std::string path = GetString(ArgumentObject(info), "path");
  char target[4096];
  ssize_t length = readlink(path.c_str(), target, sizeof target);
  if (length < 0) throw FileFailure(info.Env(), "readlink", path, errno);
  return Napi::String::New(info.Env(), target, static_cast<size_t>(length));
}

// What has a path and no result.
template <typename Call>
static Napi::Value Done(const Napi::CallbackInfo &info, const char *name, Call call) {
  Napi::Object from = ArgumentObject(info);
  std::string path = GetString(from, "path");
  if (call(path.c_str(), from) < 0) throw FileFailure(info.Env(), name, path, errno);
  return info.Env().Undefined();
}

static mode_t Mode(const Napi::Object &from) { return static_cast<mode_t>(GetInt(from, "mode")); }

static Napi::Value Access(const Napi::CallbackInfo &info) {
  return Done(info, "access", [](const char *path, const Napi::Object &from) { return access(path, GetInt(from, "mode")); });
}

static Napi::Value Mkdir(const Napi::CallbackInfo &info) {
  return Done(info, "mkdir", [](const char *path, const Napi::Object &from) { return mkdir(path, Mode(from)); });
}

static Napi::Value Chmod(const Napi::CallbackInfo &info) {
  return Done(info, "chmod", [](const char *path, const Napi::Object &from) { return chmod(path, Mode(from)); });
}

static Napi::Value Unlink(const Napi::CallbackInfo &info) {
  return Done(info, "unlink", [](const char *path, const Napi::Object &) { return unlink(path); });
}

static Napi::Value Rmdir(const Napi::CallbackInfo &info) {
  return Done(info, "rmdir", [](const char *path, const Napi::Object &) { return rmdir(path); });
}

static Napi::Value Rename(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  std::string path = GetString(from, "path"), target = GetString(from, "target");
  if (rename(path.c_str(), target.c_str()) < 0) throw FileFailure(info.Env(), "rename", path, errno, target);
  return info.Env().Undefined();
}

void RegisterSmallFiles(Napi::Env env, Napi::Object exports) {
  exports.Set("openFile", Napi::Function::New(env, OpenFile));
  exports.Set("closeFile", Napi::Function::New(env, CloseFile));
  exports.Set("readRest", Napi::Function::New(env, ReadRest));
  exports.Set("writeSome", Napi::Function::New(env, WriteSome));
  exports.Set("statFile", Napi::Function::New(env, StatFile));
  exports.Set("readFolder", Napi::Function::New(env, ReadFolder));
  exports.Set("readLink", Napi::Function::New(env, ReadLink));
  exports.Set("access", Napi::Function::New(env, Access));
  exports.Set("mkdir", Napi::Function::New(env, Mkdir));
  exports.Set("chmod", Napi::Function::New(env, Chmod));
  exports.Set("unlink", Napi::Function::New(env, Unlink));
  exports.Set("rmdir", Napi::Function::New(env, Rmdir));
  exports.Set("rename", Napi::Function::New(env, Rename));
}
