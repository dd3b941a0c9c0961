// ECDSA signatures in lanes, with nonce pairs made ahead.
#pragma once

#include <span>

#include "crypto/job.h"
#include "crypto/lanes/made_ahead.h"
#include "crypto/lanes/stock.h"
#include "crypto/lanes/weierstrass.h"

namespace lockstep::crypto::lanes {

/// Where nonces come from, and what tells that their secrecy may have ended.
struct NonceSource {
  /// Fills the view with fresh entropy of the kernel; false when it refuses.
  bool (*entropy)(MutableBytes out);
  /// How long the machine has been suspended since it started; nanoseconds (CLOCK_BOOTTIME - CLOCK_MONOTONIC).
  std::int64_t (*suspended)();
  /// Of this core: no two cores make the same nonces even from the same entropy.
  std::uint32_t core;
};
/// getrandom(2) and the system's clocks.
NonceSource system_nonce_source(std::uint32_t core);

/// Signs with keys of the curve whose numbers have kSize bytes. A nonce gives the private key away when it is used
/// twice, so: a pair belongs to one key; it is taken out of its stock, and wiped there, before its signature starts;
/// what fails is not tried again with the same pair. Nonces are uniform in [1, n-1], by rejection of what an HMAC-DRBG
/// gives for the private key, fresh entropy of the kernel, core and counter. The engine drops stocks when the machine
/// was suspended in between.
template <std::size_t kSize>
class Ecdsa {
 public:
  Ecdsa(const WeierstrassKernels<kSize>& kernels, const NonceSource& source, const MadeAheadOptions& options,
        MadeAheadCounters& counters);
  ~Ecdsa() { drop(); }
  Ecdsa(const Ecdsa&) = delete;
  Ecdsa& operator=(const Ecdsa&) = delete;

  /// Up to kLanes jobs, whose keys have numbers, and whose scheme is the curve's own. Returns those that were signed;
  /// the others want another engine.
  LaneMask sign(std::span<Job* const> jobs, Instant now);

  bool made_ahead(const SignJob& job) const;
  /// A signature with `key`, which has numbers, is made elsewhere. Like one made here: from the second one in a row
  /// that the shelves remember, pairs are made for the key. One alone would fill a shelf for nothing where thousands of
  /// keys take turns.
  void foresee(const PrivateKey& key, Instant now);
  /// One call for a key that signed more than once lately and lacks at least kLanes pairs; false when there is none.
  bool make_ahead(Instant now);
  /// Wipes what was made before `limit`, and keys that have not signed since.
  void expire(Instant limit);
  void drop();

 private:
  using Pair = NoncePair<kSize>;
  struct KeyCopy {
    std::uint64_t id;  // of the PrivateKey; 0: nobody's
    std::uint8_t scalar[kSize];
  };
  struct Shelf {
    explicit Shelf(std::size_t capacity) : pairs(capacity) {}
    Stock<Pair> pairs;
    Instant used;
    bool returned = false;  // the key signed again while it had the shelf
  };
  struct Workspace;

  void take(std::span<Job* const> jobs, Workspace& work, Instant now);
  void make(std::span<Job* const> jobs, Workspace& work, Instant now);
  bool draw(std::uint64_t id, const std::uint8_t* scalar, MutableBytes nonces);
  std::size_t find(std::uint64_t id) const;
  std::size_t shelf_for(const PrivateKey& key, Instant now);
  void empty(std::size_t index);
  KeyCopy* copies() const { return static_cast<KeyCopy*>(keys_.data()); }

  const WeierstrassKernels<kSize>& kernels_;
  NonceSource source_;
  MadeAheadCounters& counters_;
  std::uint64_t draws_ = 0;
  LockedMemory keys_;  // KeyCopy[shelf_count_]: a child process finds nobody's keys
  std::size_t shelf_count_ = 0;
  std::unique_ptr<std::unique_ptr<Shelf>[]> shelves_;  // NOLINT(modernize-avoid-c-arrays)
};

extern template class Ecdsa<32>;
extern template class Ecdsa<48>;

}  // namespace lockstep::crypto::lanes
