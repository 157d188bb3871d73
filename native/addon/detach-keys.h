#ifndef LICHEN_ADDON_DETACH_KEYS_H
#define LICHEN_ADDON_DETACH_KEYS_H

#include <string>

/*
 * Looks for the keys that detach in what is typed. As Docker does it: the beginning of a sequence is held back until the next
 * byte tells, is sent on when it was none, and the byte that told is not taken for the beginning of another.
 */
class DetachKeys {
 public:
  explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}
  // Appends to `out` what is to be sent on; true: the keys were there, and what was typed behind them is dropped.
  bool Pass(const char *data, size_t length, std::string *out);
  // What is still held, at the end of input.
  void Flush(std::string *out);
  size_t held() const { return matched_; }

 private:
  std::string keys_;
  size_t matched_ = 0;
};

#endif
