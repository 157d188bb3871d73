#ifndef LICHEN_ADDON_IN_THREAD_H
#define LICHEN_ADDON_IN_THREAD_H

#include <napi.h>

#include <functional>
#include <string>

struct Outcome {
  int error;         // 0, or errno
  std::string call;  // of the failed call
  int values[2];     // for `done`
};

// Runs `work` in a thread of its own and settles a promise with what `done` makes of its outcome. Not the thread
// pool: a call that waits for a container would keep one of its four threads from everybody else's file reads.
Napi::Promise InThread(Napi::Env env, std::function<Outcome()> work, std::function<Napi::Value(Napi::Env, const Outcome &)> done);

#endif
