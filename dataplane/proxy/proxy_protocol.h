// PROXY protocol version 2 (haproxy, doc/proxy-protocol.txt): tells a backend who the client is.
#pragma once

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/proxy/channel_binding.h"
#include "dataplane/tls/session.h"

namespace lockstep::proxy {

/// Of the value with the client's channel binding: the first type that the protocol leaves to applications (section
/// 2.2.8, PP2_TYPE_MIN_CUSTOM).
constexpr std::uint8_t kTypeChannelBinding = 0xe0;

/// Largest header written: fixed part, IPv6 addresses, and values of a TLS session and its client.
constexpr std::size_t kMaxProxyHeader = 16 + 36 + 3 + 255 + 3 + 255 + 3 + 255 + 3 + kChannelBinding + 96;

/// Writes the header for the connection `client` (`remote` is the client, `local` the address it connected to) to
/// `out` (kMaxProxyHeader bytes); with `session`, what was negotiated goes along, and `channel_binding` unless it is
/// empty, as a value of the type kTypeChannelBinding. Returns the header's size.
std::size_t write_proxy_header(const FlowTuple& client, const tls::SessionInfo* session, Bytes channel_binding,
                               MutableBytes out);

}  // namespace lockstep::proxy
