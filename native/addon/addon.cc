#include "register.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  RegisterDescriptors(env, exports);
  RegisterExec(env, exports);
  RegisterFiles(env, exports);
  RegisterLocks(env, exports);
  RegisterProcesses(env, exports);
  if (RegisterRelay) RegisterRelay(env, exports);
  if (RegisterSeccomp) RegisterSeccomp(env, exports);
  RegisterSpawn(env, exports);
  RegisterUsers(env, exports);
  return exports;
}

NODE_API_MODULE(lichen, Init)
