#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "arguments.h"
#include "failure.h"
#include "register.h"

static Napi::Value WindowSize(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = GetInt(ArgumentObject(info), "fd");
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) throw Failure(env, "ioctl(" + std::to_string(fd) + ", TIOCGWINSZ)", errno);
  Napi::Object result = Napi::Object::New(env);
  result.Set("rows", Napi::Number::New(env, size.ws_row));
  result.Set("columns", Napi::Number::New(env, size.ws_col));
  return result;
}

static Napi::Value IsTerminal(const Napi::CallbackInfo &info) {
  return Napi::Boolean::New(info.Env(), isatty(GetInt(ArgumentObject(info), "fd")) == 1);
}

// In the background the kernel stops the whole process here (SIGTTOU) until it is brought to the foreground.
static Napi::Value RawMode(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  int fd = GetInt(ArgumentObject(info), "fd");
  struct termios mode;
  if (tcgetattr(fd, &mode) < 0) throw Failure(env, "tcgetattr(" + std::to_string(fd) + ")", errno);
  Napi::Buffer<char> before = Napi::Buffer<char>::Copy(env, reinterpret_cast<const char *>(&mode), sizeof mode);
  cfmakeraw(&mode);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  int result;
  do result = tcsetattr(fd, TCSANOW, &mode);
  while (result < 0 && errno == EINTR);
  if (result < 0) throw Failure(env, "tcsetattr(" + std::to_string(fd) + ", raw)", errno);
  return before;
}

// Not from the background: there the terminal is somebody else's, who has set it as they want it. False: that, or it has gone.
static Napi::Value RestoreMode(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object from = ArgumentObject(info);
  int fd = GetInt(from, "fd");
  Bytes bytes = GetBytes(from, "mode");
  struct termios mode;
  if (bytes.length != sizeof mode) throw Napi::TypeError::New(env, "mode must be what rawMode gave");
  memcpy(&mode, bytes.data, sizeof mode);
  if (tcgetpgrp(fd) != getpgrp()) return Napi::Boolean::New(env, false);
  sigset_t output, before;
  sigemptyset(&output);
  sigaddset(&output, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &output, &before);
  int result;
  do result = tcsetattr(fd, TCSANOW, &mode);
  while (result < 0 && errno == EINTR);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return Napi::Boolean::New(env, result == 0);
}

void RegisterTerminal(Napi::Env env, Napi::Object exports) {
  exports.Set("windowSize", Napi::Function::New(env, WindowSize));
  exports.Set("isTerminal", Napi::Function::New(env, IsTerminal));
  exports.Set("rawMode", Napi::Function::New(env, RawMode));
  exports.Set("restoreMode", Napi::Function::New(env, RestoreMode));
}
