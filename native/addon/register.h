#ifndef LICHEN_ADDON_REGISTER_H
#define LICHEN_ADDON_REGISTER_H

#include <napi.h>

// A group of calls a file. Every function takes one object and is typed in lib/system/addon.ts.
void RegisterDescriptors(Napi::Env env, Napi::Object exports);
void RegisterExec(Napi::Env env, Napi::Object exports);
void RegisterFiles(Napi::Env env, Napi::Object exports);
void RegisterLocks(Napi::Env env, Napi::Object exports);
void RegisterLogText(Napi::Env env, Napi::Object exports);
void RegisterProcesses(Napi::Env env, Napi::Object exports);
void RegisterRelay(Napi::Env env, Napi::Object exports);
void RegisterSeccomp(Napi::Env env, Napi::Object exports);
void RegisterSmallFiles(Napi::Env env, Napi::Object exports);
void RegisterSpawn(Napi::Env env, Napi::Object exports);
void RegisterTerminal(Napi::Env env, Napi::Object exports);
void RegisterUsers(Napi::Env env, Napi::Object exports);

#endif
