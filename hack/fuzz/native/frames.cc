// What the addon reads of a monitor's socket and of a terminal. The first byte says how large the pieces are in which it comes and is taken.
#include <stdint.h>

#include <algorithm>
#include <string>

#include "attach-frames.h"
#include "detach-keys.h"

extern "C" {
#include "survive.h"
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
}

static void ReadFrames(const char *data, size_t size, size_t piece) {
  FrameReader reader;
  size_t at = 0, handed = 0;
  for (;;) {
    FramePart part = reader.Next();
    if (part.kind == FramePart::Bad || part.kind == FramePart::Exit) break;
    if (part.kind == FramePart::Data) {
      must(part.length > 0 && (part.type == FRAME_STDOUT || part.type == FRAME_STDERR), "a part has bytes of one stream");
      size_t taken = part.length < piece ? part.length : piece;
      handed += std::string(part.data, taken).size();
      reader.Take(taken);
      continue;
    }
    must(reader.room() > 0, "what asks for more has room for it");
    if (at == size) break;
    size_t count = std::min({piece, reader.room(), size - at});
    std::copy(data + at, data + at + count, reader.space());
    reader.Received(count);
    at += count;
  }
  must(handed <= size, "no more is handed on than has come");
}

// Docker's default, and a sequence that begins with its own first key.
static void LookForKeys(const char *data, size_t size, size_t piece) {
  for (const char *keys : {"\x10\x11", "aab", ""}) {
    DetachKeys detach(keys);
    std::string out;
    bool found = false;
    size_t at = 0;
    for (; at < size && !found; at += std::min(piece, size - at)) found = detach.Pass(data + at, std::min(piece, size - at), &out);
    if (found) continue;
    must(out.size() + detach.held() == size, "what is not a sequence is sent on or held");
    detach.Flush(&out);
    must(out == std::string(data, size), "what is sent on is what was typed");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const char *bytes = reinterpret_cast<const char *>(data) + 1;
  size_t piece = data[0] < 128 ? data[0] + 1u : (data[0] - 127u) * 1024;
  ReadFrames(bytes, size - 1, piece);
  LookForKeys(bytes, size - 1, piece);
  return 0;
}
