#include "in-thread.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <thread>

#include "failure.h"

namespace {

struct Job {
  std::function<Outcome()> work;
  std::function<Napi::Value(Napi::Env, const Outcome &)> done;
  Napi::Promise::Deferred deferred;
  Napi::ThreadSafeFunction settle;
  Outcome outcome;
};

void Settle(Napi::Env env, Napi::Function, Job *job) {
  Napi::HandleScope scope(env);
  if (job->outcome.error != 0) {
    job->deferred.Reject(Failure(env, job->outcome.call, job->outcome.error).Value());
  } else {
    job->deferred.Resolve(job->done(env, job->outcome));
  }
  delete job;
}

}  // namespace

Napi::Promise InThread(Napi::Env env, std::function<Outcome()> work, std::function<Napi::Value(Napi::Env, const Outcome &)> done) {
  Job *job = new Job{std::move(work), std::move(done), Napi::Promise::Deferred::New(env), {}, {}};
  Napi::Promise promise = job->deferred.Promise();
  job->settle = Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo &) {}), "lichen", 0, 1);
  // Signals are the main thread's business.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  try {
    std::thread([job] {
      job->outcome = job->work();
      Napi::ThreadSafeFunction settle = job->settle;
      settle.BlockingCall(job, Settle);
      settle.Release();
    }).detach();
  } catch (const std::system_error &error) {
    failed = error.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed != 0) {
    job->settle.Release();
    job->deferred.Reject(Failure(env, "pthread_create()", failed).Value());
    delete job;
  }
  return promise;
}
