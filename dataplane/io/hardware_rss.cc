#include "dataplane/io/hardware_rss.h"

#include <rte_thash.h>

#include <cstring>

namespace lockstep::io {

HardwareRss::HardwareRss(std::size_t key_size, std::size_t table_size, std::uint16_t queues, Random& random)
    : key_(key_size), table_(table_size) {
  random.fill(key_);
  for (std::size_t i = 0; i < table_size; ++i) table_[i] = static_cast<std::uint16_t>(i % queues);
}

HardwareRss::HardwareRss(Bytes key, std::vector<std::uint16_t> table)
    : key_(key.begin(), key.end()), table_(std::move(table)) {}

std::uint32_t HardwareRss::hash(const FlowTuple& flow) const {
  std::array<std::uint32_t, 9> words{};  // source, destination, ports; each word as a number
  std::size_t count = 0;
  const auto add_address = [&](const IpAddress& ip) {
    if (ip.is_v4()) {
      words[count++] = ip.as_v4();
      return;
    }
    for (std::size_t i = 0; i < 16; i += 4) {
      const auto& bytes = ip.bytes();
      words[count++] = std::uint32_t{bytes[i]} << 24U | std::uint32_t{bytes[i + 1]} << 16U |
                       std::uint32_t{bytes[i + 2]} << 8U | bytes[i + 3];
    }
  };
  add_address(flow.remote.ip);
  add_address(flow.local.ip);
  words[count++] = std::uint32_t{flow.remote.port} << 16U | flow.local.port;
  return rte_softrss(words.data(), static_cast<std::uint32_t>(count), key_.data());
}

}  // namespace lockstep::io
