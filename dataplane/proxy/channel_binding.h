// What binds a client's login to its TLS connection, for backends that do not see that connection themselves: RFC 9266,
// for SCRAM-SHA-256-PLUS and its like.
#pragma once

#include <array>

#include "crypto/job.h"
#include "dataplane/base/slab.h"

namespace lockstep::proxy {

/// Bytes of "tls-exporter" (RFC 9266 section 2).
constexpr std::size_t kChannelBinding = 32;

/// Made when the client's handshake is over, and told in the PROXY header. It lies apart from its connection, and stays
/// behind when that ends while an engine holds the job.
struct ChannelBinding : crypto::ExportJob {
  Handle self;
  std::array<std::uint8_t, kChannelBinding> value{};
  bool pending = true;  // the engine has the job
};

}  // namespace lockstep::proxy
