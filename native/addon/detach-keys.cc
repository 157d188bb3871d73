#include "detach-keys.h"

bool DetachKeys::Pass(const char *data, size_t length, std::string *out) {
  if (keys_.empty()) {
    out->append(data, length);
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    if (data[i] == keys_[matched_]) {
      if (++matched_ == keys_.size()) return true;
      continue;
    }
    Flush(out);
    out->push_back(data[i]);
  }
  return false;
}

void DetachKeys::Flush(std::string *out) {
  out->append(keys_, 0, matched_);
  matched_ = 0;
}
