// Values as they are written in the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/base/time.h"
#include "dataplane/net/network.h"

namespace lockstep::config {

/// "15s", "40ms", "20us", "5min", "2h" or "0s"; nothing else.
std::optional<Duration> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back.
std::string format_duration(Duration duration);

/// "65536", "256KiB", "4MiB" or "1GiB", in bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// The shortest form that parse_size reads back.
std::string format_size(std::uint64_t bytes);

/// "198.18.0.2/24" or "fd00::2/64".
std::optional<net::InterfaceAddress> parse_interface_address(std::string_view text);
std::string format_interface_address(const net::InterfaceAddress& address);

/// "02:00:00:00:00:01".
std::optional<net::MacAddress> parse_mac(std::string_view text);
std::string format_mac(const net::MacAddress& mac);

/// Whether `ip` lies in the prefix of `of`.
bool same_prefix(const net::InterfaceAddress& of, const IpAddress& ip);

/// The candidate nearest to `text`, when it is near enough to be what was meant; empty otherwise.
std::string nearest(std::string_view text, std::span<const std::string> candidates);

/// `text` in double quotes.
std::string in_quotes(std::string_view text);

}  // namespace lockstep::config
