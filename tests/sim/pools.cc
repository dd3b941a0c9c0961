#include "tests/sim/pools.h"

#include <cstdio>
#include <cstdlib>
#include <map>

namespace lockstep::sim {

namespace {

std::map<std::string, std::unique_ptr<MbufPools>>& all() {
  static std::map<std::string, std::unique_ptr<MbufPools>> pools;
  return pools;
}

MbufPools& pools_of(const std::string& name, const MbufPoolSizes& sizes) {
  std::unique_ptr<MbufPools>& found = all()[name];
  if (found != nullptr) return *found;
  auto made = MbufPools::create(name, sizes);
  if (!made) {
    std::fputs((made.error() + "\n").c_str(), stderr);
    std::exit(1);
  }
  found = std::move(made.value());
  return *found;
}

}  // namespace

MbufPools& server_pools(std::size_t index, bool scarce) {
  const std::string number = std::to_string(index);
  return scarce ? pools_of("scarce" + number, {.packets = 1023, .records = 31, .clones = 1023})
                : pools_of("server" + number, {.packets = 8191, .records = 511, .clones = 16383});
}

MbufPools& peer_pools() {
  return pools_of("peers", {.packets = 32767, .records = 15, .clones = 32767});
}

unsigned buffers_in_use() {
  unsigned count = 0;
  for (const auto& [name, pools] : all()) {
    count += rte_mempool_in_use_count(pools->packets()) + rte_mempool_in_use_count(pools->records()) +
             rte_mempool_in_use_count(pools->clones());
  }
  return count;
}

}  // namespace lockstep::sim
