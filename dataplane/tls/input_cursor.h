// A position in the pieces of unread input.
#pragma once

#include <algorithm>

#include "crypto/base/bytes.h"

namespace lockstep::tls {

/// Moves forward only, so that looking at many records of one input costs one walk along its pieces.
class InputCursor {
 public:
  explicit InputCursor(std::span<const MutableBytes> pieces) : pieces_(pieces) {
    for (const MutableBytes piece : pieces) remaining_ += piece.size();
  }

  /// Bytes from here to the end.
  std::size_t remaining() const { return remaining_; }

  /// Hands `count` bytes (at most remaining()) to f(MutableBytes), piece by piece, and moves behind them. Stops early,
  /// and returns false, when f does.
  template <class F>
  bool take(std::size_t count, F&& f) {
    remaining_ -= count;
    while (count != 0) {
      const MutableBytes piece = pieces_[index_].subspan(offset_);
      const std::size_t size = std::min(count, piece.size());
      if (size != 0 && !f(piece.first(size))) return false;
      count -= size;
      offset_ += size;
      if (offset_ == pieces_[index_].size()) {
        ++index_;
        offset_ = 0;
      }
    }
    return true;
  }
  void skip(std::size_t count) {
    take(count, [](MutableBytes) { return true; });
  }
  /// Copies the next bytes to `out` (at most remaining()) and moves behind them.
  void copy(MutableBytes out) {
    take(out.size(), [&](MutableBytes piece) {
      std::memcpy(out.data(), piece.data(), piece.size());
      out = out.subspan(piece.size());
      return true;
    });
  }

 private:
  std::span<const MutableBytes> pieces_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
  std::size_t remaining_ = 0;
};

}  // namespace lockstep::tls
