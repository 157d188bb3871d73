#include "attach-frames.h"

#include <string.h>

#include <algorithm>

static uint32_t GetU32(const char *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static void PutU32(std::string *out, uint32_t value) { out->append(reinterpret_cast<const char *>(&value), sizeof value); }

FramePart FrameReader::Next() {
  FramePart none = {FramePart::NeedMore, 0, nullptr, 0, 0};
  while (remaining_ == 0) {
    if (tail_ - head_ < Header) return Compact(), none;
    const char *at = buffer_.data() + head_;
    uint32_t type = GetU32(at), length = GetU32(at + 4);
    if (type == FRAME_EXIT && length == sizeof(uint32_t)) {
      if (tail_ - head_ < Header + length) return Compact(), none;
      return {FramePart::Exit, type, nullptr, 0, GetU32(at + Header)};
    }
    if ((type != FRAME_STDOUT && type != FRAME_STDERR) || length > FRAME_MAX) return {FramePart::Bad, type, nullptr, 0, length};
    head_ += Header;
    type_ = type;
    remaining_ = length;
  }
  size_t here = std::min(remaining_, tail_ - head_);
  if (here == 0) return Compact(), none;
  return {FramePart::Data, type_, buffer_.data() + head_, here, 0};
}

void FrameReader::Take(size_t count) {
  head_ += count;
  remaining_ -= count;
}

// What stays is less than a header and an exit code.
void FrameReader::Compact() {
  memmove(&buffer_[0], &buffer_[head_], tail_ - head_);
  tail_ -= head_;
  head_ = 0;
}

void PutFrame(std::string *out, uint32_t type, const std::string &payload) {
  PutU32(out, type);
  PutU32(out, static_cast<uint32_t>(payload.size()));
  out->append(payload);
}
