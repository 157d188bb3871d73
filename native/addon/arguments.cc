#include "arguments.h"

#include <limits.h>

#include <cmath>

static Napi::TypeError Wrong(const Napi::Object &from, const char *name, const char *wanted) {
  return Napi::TypeError::New(from.Env(), std::string(name) + " must be " + wanted);
}

Napi::Object ArgumentObject(const Napi::CallbackInfo &info) {
  if (info.Length() < 1 || !info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "one object is expected");
  return info[0].As<Napi::Object>();
}

bool Has(const Napi::Object &from, const char *name) {
  Napi::Value value = from.Get(name);
  return !value.IsUndefined() && !value.IsNull();
}

double GetNumber(const Napi::Object &from, const char *name) {
  Napi::Value value = from.Get(name);
  if (!value.IsNumber()) throw Wrong(from, name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int GetInt(const Napi::Object &from, const char *name) {
  double number = GetNumber(from, name);
  // Compared before it is converted: a number that does not fit converts to anything.
  if (!(number >= INT_MIN && number <= INT_MAX) || number != std::floor(number)) throw Wrong(from, name, "a 32-bit integer");
  return static_cast<int>(number);
}

int GetPid(const Napi::Object &from, const char *name) {
  int pid = GetInt(from, name);
  if (pid < 1) throw Wrong(from, name, "the id of a process");
  return pid;
}

uint64_t GetWhole(const Napi::Object &from, const char *name, uint64_t most) {
  double number = GetNumber(from, name);
  if (!(number >= 0 && number <= static_cast<double>(most)) || number != std::floor(number)) {
    throw Wrong(from, name, ("a whole number from 0 to " + std::to_string(most)).c_str());
  }
  return static_cast<uint64_t>(number);
}

int GetInt(const Napi::Object &from, const char *name, int otherwise) { return Has(from, name) ? GetInt(from, name) : otherwise; }

bool GetBool(const Napi::Object &from, const char *name, bool otherwise) {
  if (!Has(from, name)) return otherwise;
  Napi::Value value = from.Get(name);
  if (!value.IsBoolean()) throw Wrong(from, name, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

// A NUL inside would silently cut what the kernel sees.
static std::string Checked(const Napi::Object &from, const char *name, Napi::Value value) {
  if (!value.IsString()) throw Wrong(from, name, "a string");
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) throw Wrong(from, name, "without NUL bytes");
  return text;
}

std::string GetString(const Napi::Object &from, const char *name) { return Checked(from, name, from.Get(name)); }

std::string GetString(const Napi::Object &from, const char *name, const char *otherwise) {
  return Has(from, name) ? GetString(from, name) : std::string(otherwise);
}

std::vector<std::string> GetStrings(const Napi::Object &from, const char *name) {
  Napi::Value value = from.Get(name);
  if (!value.IsArray()) throw Wrong(from, name, "an array of strings");
  Napi::Array array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(Checked(from, name, array.Get(i)));
  return strings;
}

Bytes GetBytes(const Napi::Object &from, const char *name) {
  Napi::Value value = from.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) throw Wrong(from, name, "a Uint8Array");
  Napi::Uint8Array array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

std::vector<char *> Pointers(const std::vector<std::string> &strings) {
  std::vector<char *> pointers;
  for (const std::string &text : strings) pointers.push_back(const_cast<char *>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}
