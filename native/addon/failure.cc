#include "failure.h"

#include <errno.h>
#include <string.h>

// strerrorname_np would tie the file to glibc 2.32.
static const char *Name(int error) {
#define NAME(code) \
  case code:       \
    return #code;
  switch (error) {
    NAME(EPERM) NAME(ENOENT) NAME(ESRCH) NAME(EINTR) NAME(EIO) NAME(ENXIO) NAME(E2BIG) NAME(ENOEXEC) NAME(EBADF) NAME(ECHILD)
    NAME(EAGAIN) NAME(ENOMEM) NAME(EACCES) NAME(EFAULT) NAME(ENOTBLK) NAME(EBUSY) NAME(EEXIST) NAME(EXDEV) NAME(ENODEV) NAME(ENOTDIR)
    NAME(EISDIR) NAME(EINVAL) NAME(ENFILE) NAME(EMFILE) NAME(ENOTTY) NAME(ETXTBSY) NAME(EFBIG) NAME(ENOSPC) NAME(ESPIPE) NAME(EROFS)
    NAME(EMLINK) NAME(EPIPE) NAME(EDOM) NAME(ERANGE) NAME(EDEADLK) NAME(ENAMETOOLONG) NAME(ENOLCK) NAME(ENOSYS) NAME(ENOTEMPTY)
    NAME(ELOOP) NAME(ENODATA) NAME(EOVERFLOW) NAME(EUSERS) NAME(ENOTSOCK) NAME(EOPNOTSUPP) NAME(EADDRINUSE) NAME(ENOTCONN)
    NAME(ECONNRESET) NAME(ECONNREFUSED) NAME(ETIMEDOUT) NAME(EALREADY) NAME(ESTALE) NAME(EDQUOT) NAME(ECANCELED)
    NAME(EPROTO) NAME(EILSEQ) NAME(EMSGSIZE) NAME(EADDRNOTAVAIL) NAME(ENETUNREACH) NAME(EHOSTUNREACH) NAME(ECONNABORTED)
  }
#undef NAME
  return nullptr;
}

Napi::Error Failure(Napi::Env env, const std::string &call, int error) {
  Napi::Error failure = Napi::Error::New(env, call + ": " + strerror(error));
  const char *name = Name(error);
  failure.Set("code", Napi::String::New(env, name ? name : "E" + std::to_string(error)));
  failure.Set("errno", Napi::Number::New(env, -error));
  failure.Set("syscall", Napi::String::New(env, call.substr(0, call.find('('))));
  return failure;
}
