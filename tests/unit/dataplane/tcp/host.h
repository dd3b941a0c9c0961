// A host of tests: the network layer and the TCP of one worker on one interface.
#pragma once

#include <functional>
#include <memory>
#include <random>

#include "dataplane/tcp/stack.h"

namespace lockstep::testing {

/// The buffers of all hosts of the process; made at first use.
MbufPools& pools();

/// Buffers that are in use, over all three pools.
std::uint32_t buffers_in_use();

struct HostSettings {
  unsigned number = 1;  // 10.0.0.<number>, fd00::<number>
  std::uint16_t mtu = 1500;
  std::uint64_t seed = 1;
  tcp::Config tcp = {.max_connections = 1024};
};

/// The settings' stack, connected to an interface whose neighbours 1 to 9 are known.
class Host {
 public:
  Host(const HostSettings& settings, Instant now);

  static IpAddress v4(unsigned number) { return IpAddress::v4(0x0a000000U + number); }
  static IpAddress v6(unsigned number);

  /// Hands `frames` (ownership) to the stack.
  void receive(std::span<rte_mbuf*> frames, Instant now);
  /// Calls `take` with each frame to be sent (ownership).
  void transmit(const std::function<void(MbufPtr)>& take);

  net::Network& network() { return network_; }
  tcp::Stack& stack() { return stack_; }

 private:
  Random random_;
  net::Network network_;
  tcp::Stack stack_;
  net::ReceivedBatch batch_;
};

/// A copy of `frame` in one piece; what a wire makes of it.
MbufPtr copy_frame(const rte_mbuf& frame);

/// Repeatable random numbers.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : generator_(seed) {}
  std::uint32_t operator()() { return static_cast<std::uint32_t>(generator_()); }

 private:
  std::mt19937 generator_;
};

/// The byte at `position` of the streams that tests send.
inline std::uint8_t pattern(std::uint64_t position) {
  return static_cast<std::uint8_t>((position * 0x9e3779b97f4a7c15U) >> 29U);
}

/// `size` bytes of the pattern from `position` on.
Chain pattern_chain(std::uint64_t position, std::uint32_t size);

}  // namespace lockstep::testing
