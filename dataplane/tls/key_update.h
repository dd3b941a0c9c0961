// The KeyUpdate message (RFC 8446 section 4.6.3).
#pragma once

#include <array>

#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

struct KeyUpdateMessage {
  static constexpr std::size_t kSize = kHandshakeHeader + 1;

  explicit KeyUpdateMessage(bool request_update)
      : encoded{static_cast<std::uint8_t>(HandshakeType::key_update), 0, 0, 1,
                request_update ? std::uint8_t{1} : std::uint8_t{0}} {}
  Bytes bytes() const { return encoded; }

  /// Reads the body; illegal_parameter for values other than update_not_requested and update_requested.
  static Error read(Bytes body, bool& request_update) {
    if (body.size() != 1) return Error::malformed_message;
    if (body[0] > 1) return Error::illegal_parameter;
    request_update = body[0] == 1;
    return Error::none;
  }

 private:
  std::array<std::uint8_t, kSize> encoded;
};

}  // namespace lockstep::tls
