#include "dataplane/tls/ticket_keys.h"

#include <atomic>

namespace lockstep::tls {

std::uint64_t shared_key_id() {
  static std::atomic<std::uint64_t> last{std::uint64_t{1} << 63U};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace lockstep::tls
