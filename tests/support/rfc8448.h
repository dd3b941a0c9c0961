// The traces of RFC 8448, value by value.
#pragma once

#include "tests/support/vectors.h"

namespace lockstep::test {

/// One section of the RFC. Values are found by role ("client", "server"), the beginning of the step's title, and their
/// name.
class Rfc8448Trace {
 public:
  explicit Rfc8448Trace(int section);

  /// The value of the `nth` step that has one; empty when there is none.
  std::vector<std::uint8_t> find(std::string_view role, std::string_view step, std::string_view value,
                                 int nth = 0) const;
  /// The same; failure fails the running test.
  std::vector<std::uint8_t> at(std::string_view role, std::string_view step, std::string_view value, int nth = 0) const;
  /// A handshake message of the server; empty when the section has none of that name.
  std::vector<std::uint8_t> server_message(std::string_view name) const { return find("server", "construct a", name); }

 private:
  nlohmann::json steps_;
};

}  // namespace lockstep::test
