#include "relay-loop.h"

#include <pthread.h>
#include <signal.h>

#include <memory>

#include "arguments.h"
#include "in-thread.h"
#include "register.h"

// Job control of a terminal stops who reads, or writes, from the background; a thread that blocks the signals gets EIO instead.
static void TakeJobControl() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTTIN);
  sigaddset(&signals, SIGTTOU);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

static Napi::Value RelayStreams(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  Bytes keys = GetBytes(from, "detachKeys");
  if (keys.length > 1024) throw Napi::TypeError::New(env, "detachKeys must be at most 1024 bytes");
  RelayInput input = {GetInt(from, "socketFd"), GetInt(from, "controlFd", -1), GetInt(from, "stdin"), GetInt(from, "stdout"), GetInt(from, "stderr"),
                      std::string(reinterpret_cast<const char *>(keys.data), keys.length)};
  // poll passes over negative ones: nothing would ever come of it.
  if (input.socket < 0) throw Napi::TypeError::New(env, "socketFd must be a descriptor");
  auto result = std::make_shared<RelayResult>();
  return InThread(
      env,
      [=]() -> Outcome {
        TakeJobControl();
        *result = Relay(input);
        return {result->end == RelayResult::Failed ? result->code : 0, result->call, {}};
      },
      [=](Napi::Env env, const Outcome &) -> Napi::Value {
        static const char *const kinds[] = {"exited", "detached", "closed", "lost"};
        Napi::Object answer = Napi::Object::New(env);
        answer.Set("kind", kinds[result->end]);
        if (result->end == RelayResult::Exited) answer.Set("code", Napi::Number::New(env, result->code));
        return answer;
      });
}

void RegisterRelay(Napi::Env env, Napi::Object exports) { exports.Set("relay", Napi::Function::New(env, RelayStreams)); }
