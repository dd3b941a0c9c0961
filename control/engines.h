// Which engine serves which class of jobs: the only place, besides tests and benchmarks, that names concrete engines.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/result.h"
#include "crypto/batch.h"

namespace lockstep::control {

/// What is made ahead of its use (see crypto/lanes/README.md).
struct MadeAhead {
  /// Ephemeral key pairs of X25519, and of P-256, that wait on each worker; 0: none.
  std::uint16_t key_pairs = 64;
  /// ECDSA nonce pairs that wait on each worker for each key; 0: none.
  std::uint16_t nonce_pairs = 64;
  /// Keys of each curve for which nonce pairs wait at a time: those used last.
  std::uint16_t nonce_keys = 4;
  /// Age at which what was not used is wiped.
  Duration life = seconds(2);
};

/// What the configuration says about engines.
struct EngineOptions {
  /// Expanded record keys kept per core, about 1 KB each.
  std::size_t expanded_keys = 4096;
  MadeAhead made_ahead;
  /// Longest wait for more lanes, by class; classes without lanes never wait.
  std::array<std::optional<Duration>, crypto::kJobClasses> budgets{};
  /// Which of the process's cores this is: a part of what nonces are made of.
  std::uint32_t core = 0;
};

/// One line of the engine table, for `status` and `doctor`.
struct EngineLine {
  crypto::JobClass job_class;
  std::string engine;
  std::string why;
};

/// A counter of an engine, readable from any thread while its EngineSet lives.
struct EngineCounter {
  const char* name;
  const std::atomic<std::uint64_t>* value;
};

/// The engines of one core and how its batch uses them.
struct EngineSet {
  std::vector<std::shared_ptr<void>> written;  // what engines write to besides jobs; outlives them
  std::vector<std::unique_ptr<crypto::Engine>> engines;
  crypto::Policy policy;
  std::vector<EngineLine> table;  // one line per class, in the order of JobClass
  std::vector<EngineCounter> counters;
};

/// Makes the engines of one core, has each prove itself, and chooses by what the CPU offers and what passed; an engine
/// that fails is not used for that class and the table says why. Where lanes and libcrypto both can serve a class, both
/// are measured, and the crossover between them follows. `random` must outlive the set. Fails only when libcrypto,
/// which stands in for every other engine, cannot serve: the error names the class and what failed.
Result<EngineSet, std::string> make_engines(Random& random, const EngineOptions& options);

/// The engine that verifies certificate chains; not for a worker's thread. `random` must outlive it.
std::unique_ptr<crypto::Engine> make_chain_engine(Random& random);

/// Makes of a certificate's key, once and before it is shared, what the engines need of it.
void prepare_key(crypto::PrivateKey& key);

}  // namespace lockstep::control
