#ifndef LICHEN_ADDON_ARGUMENTS_H
#define LICHEN_ADDON_ARGUMENTS_H

#include <napi.h>

#include <string>
#include <vector>

// Readers of the one object that every function takes. They throw TypeError with the field's name.

Napi::Object ArgumentObject(const Napi::CallbackInfo &info);
bool Has(const Napi::Object &from, const char *name);
int GetInt(const Napi::Object &from, const char *name);
int GetInt(const Napi::Object &from, const char *name, int otherwise);
// Of one process: never 0 or negative, which mean many.
int GetPid(const Napi::Object &from, const char *name);
// A whole number from 0 to `most`, which is at most 2^53.
uint64_t GetWhole(const Napi::Object &from, const char *name, uint64_t most);
double GetNumber(const Napi::Object &from, const char *name);
bool GetBool(const Napi::Object &from, const char *name, bool otherwise);
std::string GetString(const Napi::Object &from, const char *name);
std::string GetString(const Napi::Object &from, const char *name, const char *otherwise);
std::vector<std::string> GetStrings(const Napi::Object &from, const char *name);
// Bytes of a Uint8Array (a Buffer is one), valid while the call lasts.
struct Bytes {
  const uint8_t *data;
  size_t length;
};
Bytes GetBytes(const Napi::Object &from, const char *name);

// A NULL-terminated vector for execve that points into `strings`.
std::vector<char *> Pointers(const std::vector<std::string> &strings);

#endif
