// A limit on how often something is done.
#pragma once

#include <algorithm>
#include <cstdint>

#include "crypto/base/time.h"

namespace lockstep::net {

/// Lets `per_second` events through on average and `burst` at once.
class TokenBucket {
 public:
  TokenBucket(std::int64_t per_second, std::int64_t burst, Instant now)
      : interval_(seconds(1) / per_second), limit_(interval_ * burst), credit_(limit_), last_(now) {}

  /// Whether one more event may happen now.
  bool take(Instant now) {
    credit_ = std::min(limit_, credit_ + std::min(limit_, now - last_));
    last_ = now;
    if (credit_ < interval_) return false;
    credit_ = credit_ - interval_;
    return true;
  }

 private:
  Duration interval_;
  Duration limit_;
  Duration credit_;
  Instant last_;
};

}  // namespace lockstep::net
