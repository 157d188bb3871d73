#include <string.h>

#include "arguments.h"
#include "register.h"

// Docker's json-file, as the monitor and Docker write it: HEAD, the text, then which stream, when, and the end of the line.

static const char kHead[] = "{\"log\":\"";
static const char kStdout[] = "\",\"stream\":\"stdout\",\"time\":\"";
static const char kStderr[] = "\",\"stream\":\"stderr\",\"time\":\"";
static const size_t kHeadLength = sizeof kHead - 1;
static const size_t kTailLength = sizeof kStdout - 1;
static const size_t kLongestTime = 40;

static uint64_t HasByte(uint64_t word, uint8_t byte) {
  uint64_t zero = word ^ (0x0101010101010101u * byte);
  return (zero - 0x0101010101010101u) & ~zero & 0x8080808080808080u;
}

static int HexDigit(uint8_t digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if ((digit | 32) >= 'a' && (digit | 32) <= 'f') return (digit | 32) - 'a' + 10;
  return -1;
}

// What stands for a letter behind a backslash; 0: something else does (\u).
static uint8_t Escaped(uint8_t letter) {
  switch (letter) {
    case 'n': return '\n';
    case '"': case '\\': case '/': return letter;
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    default: return 0;
  }
}

// The text of one line; what it decodes to is shorter, so `to` needs the room of `from`. Where its closing quote stands, or NULL:
// not of the usual form, or with half of a surrogate pair, which only a real parser knows to handle.
static const uint8_t *Text(const uint8_t *from, const uint8_t *end, uint8_t **to) {
  uint8_t *out = *to;
  for (;;) {
    // Eight bytes at a time, as far as none of them means something.
    while (end - from >= 8) {
      uint64_t word;
      memcpy(&word, from, 8);
      if ((HasByte(word, '"') | HasByte(word, '\\')) != 0) break;
      memcpy(out, &word, 8);
      from += 8, out += 8;
    }
    while (from < end && *from != '"' && *from != '\\') *out++ = *from++;
    if (from == end) return nullptr;
    if (*from == '"') break;
    if (end - from < 6) return nullptr;
    uint8_t meant = Escaped(from[1]);
    if (meant != 0) {
      *out++ = meant;
      from += 2;
      continue;
    }
    int unit = 0;
    for (int i = 2; i < 6; i++) {
      int digit = HexDigit(from[i]);
      if (from[1] != 'u' || digit < 0) return nullptr;
      unit = unit << 4 | digit;
    }
    if (unit >= 0xd800 && unit < 0xe000) return nullptr;
    if (unit < 0x80) {
      *out++ = static_cast<uint8_t>(unit);
    } else if (unit < 0x800) {
      *out++ = static_cast<uint8_t>(0xc0 | unit >> 6);
      *out++ = static_cast<uint8_t>(0x80 | (unit & 0x3f));
    } else {
      *out++ = static_cast<uint8_t>(0xe0 | unit >> 12);
      *out++ = static_cast<uint8_t>(0x80 | (unit >> 6 & 0x3f));
      *out++ = static_cast<uint8_t>(0x80 | (unit & 0x3f));
    }
    from += 6;
  }
  *to = out;
  return from;
}

// The lines of one stream from `at` on, up to the first that is of another or not of the usual form. [where that begins, end of what was decoded]
static Napi::Value JsonLogText(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Object arguments = ArgumentObject(info);
  Bytes lines = GetBytes(arguments, "from"), room = GetBytes(arguments, "room");
  size_t at = GetWhole(arguments, "at", lines.length), start = GetWhole(arguments, "end", room.length);
  if (room.length - start < lines.length - at) throw Napi::RangeError::New(env, "room is smaller than what is left to decode");
  const char *tail = GetBool(arguments, "stderr", false) ? kStderr : kStdout;
  const uint8_t *line = lines.data + at, *end = lines.data + lines.length;
  uint8_t *decoded = const_cast<uint8_t *>(room.data) + start;
  for (;;) {
    if (static_cast<size_t>(end - line) < kHeadLength || memcmp(line, kHead, kHeadLength) != 0) break;
    uint8_t *to = decoded;
    const uint8_t *rest = Text(line + kHeadLength, end, &to);
    if (rest == nullptr || static_cast<size_t>(end - rest) < kTailLength || memcmp(rest, tail, kTailLength) != 0) break;
    const uint8_t *time = rest + kTailLength;
    size_t most = static_cast<size_t>(end - time) < kLongestTime ? static_cast<size_t>(end - time) : kLongestTime;
    const uint8_t *quote = static_cast<const uint8_t *>(memchr(time, '"', most));
    if (quote == nullptr || end - quote < 3 || quote[1] != '}' || quote[2] != '\n') break;
    line = quote + 3;
    decoded = to;
  }
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, Napi::Number::New(env, static_cast<double>(line - lines.data)));
  result.Set(1u, Napi::Number::New(env, static_cast<double>(decoded - room.data)));
  return result;
}

void RegisterLogText(Napi::Env env, Napi::Object exports) { exports.Set("jsonLogText", Napi::Function::New(env, JsonLogText)); }
