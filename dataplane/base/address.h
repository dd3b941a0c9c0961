// IP addresses, socket addresses and flows as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

/// An IPv4 or IPv6 address. IPv4 is kept as an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2).
class IpAddress {
 public:
  IpAddress() = default;  // ::
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
  /// Dotted quad or RFC 4291 text; nothing else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  std::uint32_t as_v4() const;  // host order; only when is_v4()
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  /// 0.0.0.0 or ::
  bool is_any() const;
  bool is_multicast() const;
  bool is_loopback() const;
  bool is_link_local() const;
  /// RFC 5952 text.
  std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// An address and a port (host order).
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;
  std::string to_string() const;  // 198.18.0.1:443, [fd00::1]:443
  static std::optional<SocketAddress> parse(std::string_view text);
  auto operator<=>(const SocketAddress&) const = default;
};

/// A TCP connection as seen from here.
struct FlowTuple {
  SocketAddress local;
  SocketAddress remote;
  bool operator==(const FlowTuple&) const = default;
};

/// Which worker a flow belongs to; the same answer for both directions' packets, wherever they arrive.
class Steering {
 public:
  virtual ~Steering() = default;
  /// True when packets of `flow` reach this worker.
  virtual bool owns(const FlowTuple& flow) const = 0;
};

}  // namespace lockstep
