#ifndef LICHEN_ADDON_FAILURE_H
#define LICHEN_ADDON_FAILURE_H

#include <napi.h>

#include <string>

// An Error in the shape of Node's own: code "ENOENT", errno -2, syscall "openat2"; its message is the call with
// its arguments and the reason. `call` is "name(arguments)".
Napi::Error Failure(Napi::Env env, const std::string &call, int error);

#endif
