#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "arguments.h"
#include "failure.h"
#include "register.h"

// From the password database, wherever nsswitch.conf says it is. Bun's os.userInfo() believes $HOME and $USER.
static Napi::Value PasswordEntry(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  uid_t uid = static_cast<uid_t>(GetWhole(ArgumentObject(info), "uid", UINT32_MAX));
  struct passwd entry, *found = nullptr;
  std::string buffer(4096, '\0');
  int error;
  while ((error = getpwuid_r(uid, &entry, &buffer[0], buffer.size(), &found)) == ERANGE && buffer.size() < (1u << 20))
    buffer.resize(buffer.size() * 4);
  // Some name services answer ENOENT, ESRCH or EPERM for "no such user".
  if (found == nullptr) return env.Undefined();
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", entry.pw_name);
  result.Set("uid", Napi::Number::New(env, entry.pw_uid));
  result.Set("gid", Napi::Number::New(env, entry.pw_gid));
  result.Set("home", entry.pw_dir);
  result.Set("shell", entry.pw_shell);
  return result;
}

void RegisterUsers(Napi::Env env, Napi::Object exports) { exports.Set("passwordEntry", Napi::Function::New(env, PasswordEntry)); }
