#ifndef LICHEN_ADDON_ATTACH_FRAMES_H
#define LICHEN_ADDON_ATTACH_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include <string>

extern "C" {
#include "../runtime/protocol.h"
}

// A part of a frame that has arrived: a payload is handed on as it comes, whole or not.
struct FramePart {
  enum Kind { NeedMore, Data, Exit, Bad } kind;
  uint32_t type;
  const char *data;
  size_t length;
  uint32_t code;  // Exit; Bad: the announced length
};

// Cuts what the monitor sends into frames, over a buffer that is filled from a socket. The peer is not trusted to keep to the protocol.
class FrameReader {
 public:
  FrameReader() : buffer_(Capacity, '\0') {}
  // Where to receive, and how much fits: never nothing once Next has asked for more.
  char *space() { return &buffer_[tail_]; }
  size_t room() const { return Capacity - tail_; }
  void Received(size_t count) { tail_ += count; }

  // The next part. Of Data, the caller takes what it can and says so with Take; the rest comes again.
  FramePart Next();
  void Take(size_t count);

 private:
  static constexpr size_t Capacity = 2 * FRAME_MAX, Header = 8;
  void Compact();
  std::string buffer_;
  size_t head_ = 0, tail_ = 0;
  uint32_t type_ = 0;
  size_t remaining_ = 0;  // of the payload that is being handed on
};

// Appends a frame.
void PutFrame(std::string *out, uint32_t type, const std::string &payload);

#endif
