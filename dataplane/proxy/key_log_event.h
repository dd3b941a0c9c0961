// One of a connection's secrets, on its way to the key log file.
#pragma once

#include <array>

#include "crypto/base/sha2.h"
#include "dataplane/tls/session.h"

namespace lockstep::proxy {

/// Event::kind of KeyLogEvent.
constexpr std::uint16_t kKeyLogEvent = 3;

/// Made only where the configuration names a key log file.
struct KeyLogEvent {
  tls::SecretName name{};
  std::uint8_t secret_size = 0;
  std::array<std::uint8_t, 32> client_random{};
  std::array<std::uint8_t, kMaxDigest> secret{};
};

}  // namespace lockstep::proxy
