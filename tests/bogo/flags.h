// What the test runner asks of the shim for one test, from its command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::bogo {

/// One connection's settings and expectations. Flags may hold for all connections, or (`-on-initial-`, `-on-resume-`)
/// for the first or for the others only.
struct Settings {
  std::uint16_t min_version = 0x0303;
  std::uint16_t max_version = 0x0304;
  std::vector<std::string> key_files;  // one credential each, with the certificate of the same place
  std::vector<std::string> certificate_files;
  std::string cipher;                     // names separated by ':'; empty: the defaults
  std::vector<std::uint16_t> curves;      // empty: the defaults
  std::vector<std::uint16_t> signing;     // signature schemes, best first; empty: the defaults
  std::vector<std::uint8_t> ticket_key;   // 48 bytes; empty: made at start
  std::vector<std::uint8_t> select_alpn;  // the one protocol that we speak
  bool no_ticket = false;
  bool verify_peer = false;          // ask for a certificate
  bool require_certificate = false;  // and refuse who has none
  bool verify_fail = false;          // no certificate is good enough
  bool expect_verified = false;      // a certificate was looked at, and whether it was good is as `verify_fail` says
  bool writes_first = false;
  bool shuts_down = false;
  bool check_close_notify = false;
  bool expect_session_miss = false;
  bool expect_retry = false;
  bool expect_no_retry = false;
  std::optional<std::string> expect_server_name;
  std::optional<std::string> expect_alpn;
  std::optional<std::uint16_t> expect_curve;
};

struct Flags {
  bool server = false;
  bool ipv6 = false;
  std::uint16_t port = 0;
  std::uint64_t shim_id = 0;
  unsigned resumptions = 0;
  Settings initial;
  Settings resumed;
};

/// Reads the flags. The error names the first flag that the shim does not know, or what is wrong with a value:
/// `unknown` tells the two apart.
struct FlagError {
  bool unknown = false;
  std::string text;
};
std::optional<FlagError> read_flags(int count, const char* const* arguments, Flags& flags);

}  // namespace lockstep::bogo
