// Runs one built-in service by hand: bytes in as chunks, bytes out as text.
#pragma once

#include <rte_mempool.h>

#include <cstring>
#include <string>
#include <string_view>

#include "dataplane/proxy/application.h"

namespace lockstep::proxy {

/// Pools of a test, with the check that every buffer came back.
class TestPools {
 public:
  explicit TestPools(const MbufPoolSizes& sizes = {.packets = 1024, .records = 64, .clones = 1024})
      : pools_(std::move(MbufPools::create("proxy" + std::to_string(next_name_++), sizes).value())) {}
  MbufPools& operator*() { return *pools_; }
  MbufPools* operator->() { return pools_.get(); }
  /// Buffers in use, of all pools.
  unsigned in_use() const {
    return rte_mempool_in_use_count(pools_->packets()) + rte_mempool_in_use_count(pools_->records()) +
           rte_mempool_in_use_count(pools_->clones());
  }

 private:
  static inline unsigned next_name_ = 0;
  std::unique_ptr<MbufPools> pools_;
};

inline void append(Chain& chain, std::string_view text, MbufPools& pools) {
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(text.size(), 1460);
    MbufPtr mbuf = pools.packet();
    std::memcpy(rte_pktmbuf_append(mbuf.get(), static_cast<std::uint16_t>(size)), text.data(), size);
    chain.append(std::move(mbuf));
    text.remove_prefix(size);
  }
}

inline std::string text_of(const Chain& chain) {
  std::string text(chain.size(), '\0');
  chain.copy(0, MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  return text;
}

class ExchangeBench {
 public:
  explicit ExchangeBench(Application app) : application(std::move(app)), patterns(*pools) {}

  /// Serves until the application stops making progress; what it sent goes to `sent`.
  AppStatus run() {
    AppStatus status = AppStatus::waiting;
    for (bool progress = true; progress && status != AppStatus::finished;) {
      const std::uint32_t input_before = input.size();
      Exchange exchange{.input = input,
                        .input_ended = input_ended,
                        .output = output,
                        .limit = limit,
                        .drain = drain,
                        .unix_seconds = 784111777,  // the example of RFC 9110 section 5.6.7
                        .pools = *pools,
                        .patterns = patterns};
      status = serve(application, exchange);
      progress = input.size() != input_before || !output.empty();
      largest_output = std::max(largest_output, output.size());
      if (hold_output) break;
      sent += text_of(output);
      output.clear();
    }
    return status;
  }
  AppStatus receive(std::string_view text) {
    append(input, text, *pools);
    return run();
  }
  AppStatus end_input() {
    input_ended = true;
    return run();
  }

  TestPools pools;
  Application application;
  Patterns patterns;
  Chain input;
  Chain output;
  bool input_ended = false;
  std::uint32_t limit = 65536;
  Drain drain = Drain::none;
  bool hold_output = false;  // nothing of the output is taken
  std::uint32_t largest_output = 0;
  std::string sent;
};

}  // namespace lockstep::proxy
