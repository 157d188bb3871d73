#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

// All of the parts, in a thread of its own: a pipe whose reader is busy would keep one of the thread pool's from everybody else.
static Napi::Value WriteFd(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  int fd = GetInt(from, "fd");
  Napi::Value given = from.Get("parts");
  if (!given.IsArray()) throw Napi::TypeError::New(env, "parts must be an array");
  Napi::Array array = given.As<Napi::Array>();
  auto parts = std::make_shared<std::vector<struct iovec>>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    Napi::Value part = array.Get(i);
    if (!part.IsTypedArray() || part.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) throw Napi::TypeError::New(env, "parts must be bytes");
    Napi::Uint8Array bytes = part.As<Napi::Uint8Array>();
    if (bytes.ByteLength() > 0) parts->push_back({bytes.Data(), bytes.ByteLength()});
  }
  // Keeps the bytes alive; it is let go of where the promise is settled, in the main thread.
  auto held = std::make_shared<Napi::ObjectReference>(Napi::Persistent(array.As<Napi::Object>()));
  return InThread(
      env,
      [fd, parts]() -> Outcome {
        for (size_t at = 0; at < parts->size();) {
          size_t count = parts->size() - at;
          ssize_t written = writev(fd, &(*parts)[at], static_cast<int>(count < IOV_MAX ? count : IOV_MAX));
          if (written < 0 && errno == EINTR) continue;
          if (written < 0) return {errno, "writev(" + std::to_string(fd) + ")", {}};
          for (size_t left = static_cast<size_t>(written); left > 0;) {
            struct iovec &part = (*parts)[at];
            size_t taken = left < part.iov_len ? left : part.iov_len;
            part.iov_base = static_cast<char *>(part.iov_base) + taken;
            part.iov_len -= taken;
            left -= taken;
            if (part.iov_len == 0) at++;
          }
        }
        return {0, "", {}};
      },
      [held](Napi::Env now, const Outcome &) -> Napi::Value { return now.Undefined(); });
}

void RegisterDescriptors(Napi::Env env, Napi::Object exports) {
  exports.Set("sealedMemfd", Napi::Function::New(env, SealedMemfd));
  exports.Set("socketPair", Napi::Function::New(env, SocketPair));
  exports.Set("connectUnix", Napi::Function::New(env, ConnectUnix));
  exports.Set("pipe", Napi::Function::New(env, Pipe));
  exports.Set("readFd", Napi::Function::New(env, ReadFd));
  exports.Set("writeFd", Napi::Function::New(env, WriteFd));
}
