#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "arguments.h"
#include "failure.h"
#include "in-thread.h"
#include "register.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static Napi::Value SealedMemfd(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  std::string name = GetString(from, "name");
  Bytes bytes = GetBytes(from, "bytes");
  int fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Kernels before 6.3 do not know the flag.
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw Failure(env, "memfd_create(" + name + ")", errno);
  for (size_t done = 0; done < bytes.length;) {
    ssize_t count = write(fd, bytes.data + done, bytes.length - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      int error = errno;
      close(fd);
      throw Failure(env, "write(memfd " + name + ")", error);
    }
    done += static_cast<size_t>(count);
  }
  lseek(fd, 0, SEEK_SET);
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
    int error = errno;
    close(fd);
    throw Failure(env, "fcntl(F_ADD_SEALS)", error);
  }
  return Napi::Number::New(env, fd);
}

static Napi::Value SocketPair(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  std::string type = GetString(ArgumentObject(info), "type", "stream");
  int kind = type == "stream" ? SOCK_STREAM : type == "seqpacket" ? SOCK_SEQPACKET : type == "datagram" ? SOCK_DGRAM : 0;
  if (kind == 0) throw Napi::TypeError::New(env, "type must be stream, seqpacket or datagram");
  int fds[2];
  if (socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, fds) < 0) throw Failure(env, "socketpair(AF_UNIX, " + type + ")", errno);
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0u, fds[0]);
  pair.Set(1u, fds[1]);
  return pair;
}

static Napi::Value ConnectUnix(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  std::string path = GetString(ArgumentObject(info), "path");
  std::string call = "connect(" + path + ")";
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw Failure(env, call, ENAMETOOLONG);
  memcpy(address.sun_path, path.data(), path.size());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw Failure(env, "socket(AF_UNIX)", errno);
  // A full backlog makes it wait, for as long as the listener takes to accept.
  int result;
  do result = connect(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof address);
  while (result < 0 && errno == EINTR);
  if (result < 0) {
    int error = errno;
    close(fd);
    throw Failure(env, call, error);
  }
  return Napi::Number::New(env, fd);
}

static Napi::Value Pipe(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) throw Failure(env, "pipe2(O_CLOEXEC)", errno);
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0u, fds[0]);
  pair.Set(1u, fds[1]);
  return pair;
}

static Napi::Value ReadFd(const Napi::CallbackInfo &info) {
  Napi::Object from = ArgumentObject(info);
  int fd = GetInt(from, "fd");
  size_t size = Has(from, "size") ? GetWhole(from, "size", 1 << 24) : 65536;
  auto buffer = std::make_shared<std::string>(size, '\0');
  return InThread(
      info.Env(),
      [=]() -> Outcome {
        ssize_t count;
        do count = read(fd, &(*buffer)[0], size);
        while (count < 0 && errno == EINTR);
        if (count < 0) return {errno, "read(" + std::to_string(fd) + ")", {}};
        return {0, "", {static_cast<int>(count), 0}};
      },
      [=](Napi::Env env, const Outcome &outcome) -> Napi::Value {
        if (outcome.values[0] == 0) return env.Null();
        return Napi::Buffer<char>::Copy(env, buffer->data(), static_cast<size_t>(outcome.values[0]));
      });
}

void RegisterDescriptors(Napi::Env env, Napi::Object exports) {
  exports.Set("sealedMemfd", Napi::Function::New(env, SealedMemfd));
  exports.Set("socketPair", Napi::Function::New(env, SocketPair));
  exports.Set("connectUnix", Napi::Function::New(env, ConnectUnix));
  exports.Set("pipe", Napi::Function::New(env, Pipe));
  exports.Set("readFd", Napi::Function::New(env, ReadFd));
}
