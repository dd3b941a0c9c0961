#include "control/log/rate_limit.h"

#include <utility>

namespace lockstep::log {

constexpr std::int64_t kSecond = 1'000'000'000;

std::optional<std::uint64_t> RateLimit::admit(std::string_view event, std::int64_t unix_ns) {
  auto found = windows_.find(event);
  if (found == windows_.end()) found = windows_.emplace(std::string(event), Window{}).first;
  Window& window = found->second;
  if (window.second != unix_ns / kSecond) {
    window.second = unix_ns / kSecond;
    window.lines = 0;
  }
  if (window.lines >= per_second_) {
    ++window.suppressed;
    return std::nullopt;
  }
  ++window.lines;
  return std::exchange(window.suppressed, 0);
}

void RateLimit::flush(std::int64_t unix_ns, const std::function<void(const std::string&, std::uint64_t)>& tell) {
  for (auto& [event, window] : windows_)
    if (window.suppressed != 0 && window.second != unix_ns / kSecond) tell(event, std::exchange(window.suppressed, 0));
}

}  // namespace lockstep::log
