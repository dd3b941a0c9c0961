// Round-trip time and retransmission timeout (RFC 6298).
#pragma once

#include "crypto/base/time.h"

namespace lockstep::tcp {

class RoundTrip {
 public:
  /// Takes a measurement of a segment that was sent once (Karn's rule is the caller's, RFC 6298 section 3).
  void sample(Duration measured, Instant now) {
    if (!measured_ || measured <= minimum_ || now - minimum_at_ > kMinimumAge) {
      minimum_ = measured;
      minimum_at_ = now;
    }
    if (!measured_) {
      smoothed_ = measured;
      variation_ = measured / 2;
      measured_ = true;
      return;
    }
    const Duration error = smoothed_ > measured ? smoothed_ - measured : measured - smoothed_;
    variation_ = (variation_ * 3 + error) / 4;
    smoothed_ = (smoothed_ * 7 + measured) / 8;
  }
  bool measured() const { return measured_; }
  Duration smoothed() const { return smoothed_; }
  /// The shortest of the last minutes (RFC 8985 section 6.2, step 1).
  Duration minimum() const { return minimum_; }

  /// The timeout after `backoffs` expiries in a row (RFC 6298 section 2 and 5.5); `initial` until something was
  /// measured.
  Duration timeout(Duration initial, Duration minimum, Duration maximum, std::uint8_t backoffs) const {
    Duration base = initial;
    if (measured_) {
      const Duration spread = variation_ * 4;
      base = smoothed_ + (spread > kClock ? spread : kClock);
    }
    if (base < minimum) base = minimum;
    for (std::uint8_t i = 0; i < backoffs && base < maximum; ++i) base = base * 2;
    return base < maximum ? base : maximum;
  }

 private:
  static constexpr Duration kClock = milliseconds(1);  // G of RFC 6298: the timing wheel's granularity
  static constexpr Duration kMinimumAge = seconds(300);
  Duration smoothed_;
  Duration variation_;
  Duration minimum_;
  Instant minimum_at_;
  bool measured_ = false;
};

}  // namespace lockstep::tcp
