// Ephemeral key pairs and shared secrets in lanes, with key pairs made ahead.
#pragma once

#include <span>

#include "crypto/base/random.h"
#include "crypto/job.h"
#include "crypto/lanes/kernels.h"
#include "crypto/lanes/made_ahead.h"
#include "crypto/lanes/stock.h"

namespace lockstep::crypto::lanes {

struct KeyPair {
  std::array<std::uint8_t, kMaxSharedSecret> private_key;
  std::array<std::uint8_t, kMaxPublicKey> public_key;
};

/// Serves KeyShareJob and DeriveJob of all groups, up to kLanes in a call. Not shared between cores.
class KeyShares {
 public:
  KeyShares(const Kernels& kernels, Random& random, const MadeAheadOptions& options, MadeAheadCounters& counters);

  /// Each job gets a pair: of those made ahead while there are any, then of as many calls as needed. What a call makes
  /// beyond the jobs' need is kept for later.
  void share(std::span<Job* const> jobs, Instant now);
  void derive(std::span<Job* const> jobs);

  bool made_ahead(NamedGroup group) const { return stock(group) != nullptr && stock(group)->size() != 0; }
  /// One call for a stock that lacks at least kLanes pairs; false when none does.
  bool make_ahead(Instant now);
  void expire(Instant limit);
  void drop();

 private:
  using Pairs = std::array<KeyPair, kLanes>;
  LaneMask make(NamedGroup group, Pairs& pairs);
  const Stock<KeyPair>* stock(NamedGroup group) const;
  Stock<KeyPair>* stock(NamedGroup group);
  void keep(NamedGroup group, const Pairs& pairs, LaneMask unused, Instant now);

  const Kernels& kernels_;
  Random& random_;
  MadeAheadCounters& counters_;
  Stock<KeyPair> x25519_;
  Stock<KeyPair> p256_;
};

}  // namespace lockstep::crypto::lanes
