// The Alert message (RFC 8446 section 6, RFC 5246 section 7.2).
#pragma once

#include <array>

#include "crypto/base/bytes.h"
#include "dataplane/tls/error.h"

namespace lockstep::tls {

enum class AlertLevel : std::uint8_t { warning = 1, fatal = 2 };

class AlertMessage {
 public:
  explicit AlertMessage(Alert alert)
      : encoded_{static_cast<std::uint8_t>(ends_politely(alert) ? AlertLevel::warning : AlertLevel::fatal),
                 static_cast<std::uint8_t>(alert)} {}

  /// As it came.
  explicit AlertMessage(const std::array<std::uint8_t, 2>& content) : encoded_(content) {}
  Bytes bytes() const { return encoded_; }
  std::uint8_t level() const { return encoded_[0]; }
  std::uint8_t description() const { return encoded_[1]; }
  bool is(Alert alert) const { return description() == static_cast<std::uint8_t>(alert); }

 private:
  static bool ends_politely(Alert alert) {
    return alert == Alert::close_notify || alert == Alert::user_canceled || alert == Alert::no_renegotiation;
  }

  std::array<std::uint8_t, 2> encoded_{};
};

}  // namespace lockstep::tls
