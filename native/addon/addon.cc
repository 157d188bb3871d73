#include "register.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  RegisterDescriptors(env, exports);
  RegisterExec(env, exports);
  RegisterFiles(env, exports);
  RegisterLocks(env, exports);
  RegisterLogText(env, exports);
  RegisterProcesses(env, exports);
  RegisterRelay(env, exports);
  RegisterSeccomp(env, exports);
  RegisterSmallFiles(env, exports);
  RegisterSpawn(env, exports);
  RegisterTerminal(env, exports);
  RegisterUsers(env, exports);
  return exports;
}

NODE_API_MODULE(lichen, Init)
