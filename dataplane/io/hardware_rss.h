// Receive side scaling done by the port: which queue it will choose.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/random.h"
#include "dataplane/base/address.h"

namespace lockstep::io {

/// The Toeplitz hash over addresses and ports with a table of queues behind it, as network cards compute it. The key is
/// random for each run. It need not be symmetric: a flow's packets reach us in one direction only, and for that
/// direction the card's answer is predicted.
class HardwareRss {
 public:
  /// The key has `key_size` bytes (at least kMinKey), the table `table_size` entries that name `queues` queues in turn.
  HardwareRss(std::size_t key_size, std::size_t table_size, std::uint16_t queues, Random& random);
  /// With a given key; for comparison with published values.
  HardwareRss(Bytes key, std::vector<std::uint16_t> table);

  /// The hash of a packet from `flow.remote` to `flow.local`.
  std::uint32_t hash(const FlowTuple& flow) const;
  /// The queue that packet comes to.
  std::uint16_t queue(const FlowTuple& flow) const { return table_[hash(flow) % table_.size()]; }

  const std::vector<std::uint8_t>& key() const { return key_; }
  const std::vector<std::uint16_t>& table() const { return table_; }

  static constexpr std::size_t kMinKey = 40;  // what an IPv6 tuple needs

 private:
  std::vector<std::uint8_t> key_;
  std::vector<std::uint16_t> table_;
};

}  // namespace lockstep::io
