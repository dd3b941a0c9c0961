// Bytes that stay where they are until they are dropped: what a session wants of its input and plaintext.
#pragma once

#include <deque>
#include <vector>

#include "crypto/base/bytes.h"

namespace lockstep::bogo {

class Chunks {
 public:
  void append(Bytes bytes) {
    while (!bytes.empty()) {
      if (chunks_.empty() || chunks_.back().size() == kSize) chunks_.emplace_back().reserve(kSize);
      std::vector<std::uint8_t>& chunk = chunks_.back();
      const Bytes part = bytes.first(std::min(bytes.size(), kSize - chunk.size()));
      chunk.insert(chunk.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
    }
  }
  bool empty() const { return chunks_.empty(); }
  /// All bytes, in order.
  std::vector<MutableBytes> view() {
    std::vector<MutableBytes> pieces;
    for (std::vector<std::uint8_t>& chunk : chunks_)
      pieces.push_back(pieces.empty() ? MutableBytes(chunk).subspan(gone_) : MutableBytes(chunk));
    return pieces;
  }
  /// Drops `count` bytes from the front and hands them to f(Bytes) first.
  template <class F>
  void take(std::size_t count, F&& f) {
    while (count != 0) {
      const Bytes front = Bytes(chunks_.front()).subspan(gone_);
      const Bytes part = front.first(std::min(count, front.size()));
      f(part);
      count -= part.size();
      gone_ += part.size();
      if (gone_ != chunks_.front().size()) continue;
      chunks_.pop_front();
      gone_ = 0;
    }
  }

 private:
  static constexpr std::size_t kSize = 32768;  // reserved, so that appending moves nothing
  std::deque<std::vector<std::uint8_t>> chunks_;
  std::size_t gone_ = 0;  // bytes of the first one
};

}  // namespace lockstep::bogo
