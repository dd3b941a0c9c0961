// Randomness is injected: the service uses a generator seeded by the kernel, tests one seeded by a number.
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace lockstep {

/// ChaCha20 generator with fast key erasure (D. J. Bernstein, "Fast-key-erasure random-number generators", 2017):
/// each refill replaces the key first, and bytes are wiped as they are handed out, so what was given out cannot be
/// recomputed from a later state. One per core, not shared, makes no system call after it was seeded.
class Random {
 public:
  /// Deterministic generator from a 32-byte seed.
  explicit Random(Bytes seed);
  /// Deterministic generator from a number; for tests and simulations.
  static Random from_number(std::uint64_t seed);
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  /// Fills `out` with random bytes.
  void fill(MutableBytes out);
  std::uint32_t u32();
  std::uint64_t u64();
  /// Uniform in [0, bound); bound must not be 0.
  std::uint32_t below(std::uint32_t bound);

 private:
  static constexpr std::size_t kBuffer = 512;
  void refill();
  Secret<32> key_;
  Secret<kBuffer> buffer_;
  std::size_t unread_ = 0;  // at the buffer's end
};

/// Fills `out` from getrandom(2); false when the kernel refuses. For start-up only, never on a worker's path.
[[nodiscard]] bool fill_from_kernel(MutableBytes out);

}  // namespace lockstep
