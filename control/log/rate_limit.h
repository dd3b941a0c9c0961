// Bounds how many lines an event may cause.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::log {

/// So many lines of each event per second; what is beyond is counted and told with the next line that is let through.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) {}

  /// Whether a line of `event` may be written at `unix_ns`: how many were suppressed since the last one, or nullopt
  /// when this one is suppressed too. `event` is a word of the code: the table stays small.
  std::optional<std::uint64_t> admit(std::string_view event, std::int64_t unix_ns);
  /// Calls `tell` with each event that was suppressed and whose second is over, and forgets the count.
  void flush(std::int64_t unix_ns, const std::function<void(const std::string&, std::uint64_t)>& tell);

 private:
  struct Window {
    std::int64_t second = 0;
    std::uint32_t lines = 0;
    std::uint64_t suppressed = 0;
  };
  std::uint32_t per_second_;
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace lockstep::log
