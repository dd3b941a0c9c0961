// ARP messages for IPv4 over Ethernet (RFC 826).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/net/network.h"

namespace lockstep::net {

constexpr std::size_t kArpSize = 28;

struct ArpMessage {
  bool reply = false;  // else a request
  MacAddress sender_mac{};
  IpAddress sender_ip;
  MacAddress target_mac{};
  IpAddress target_ip;
};

/// Reads a request or reply; nullopt for anything else, and for a sender that is not one station. Trailing padding is
/// fine.
std::optional<ArpMessage> read_arp(Bytes bytes);
/// Writes kArpSize bytes.
void write_arp(const ArpMessage& message, MutableBytes out);

}  // namespace lockstep::net
