// Which engine serves which job kind: the only place, besides tests and benchmarks, that names concrete engines.
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

/// What the configuration says about engines.
struct EngineOptions {
  /// Expanded record keys kept per core, about 1 KB each.
  std::size_t expanded_keys = 4096;
  /// Longest wait for more lanes, by class; classes without lanes never wait.
  std::array<std::optional<Duration>, crypto::kJobClasses> budgets{};
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
  std::shared_ptr<void> written;  // what engines write to besides jobs; outlives them
  std::vector<std::unique_ptr<crypto::Engine>> engines;
  crypto::Policy policy;
  std::vector<EngineLine> table;        // one line per class, in the order of JobClass
  std::vector<EngineCounter> counters;  // expanded_keys_hits, expanded_keys_expansions, expanded_keys_evictions
};

/// Makes the engines of one core, has each prove itself, and chooses by what the CPU offers and what passed; an engine
/// that fails is not used for that kind and the table says why. `random` must outlive the set. Fails only when
/// libcrypto, which stands in for every other engine, cannot serve: the error names the kind and what failed.
Result<EngineSet, std::string> make_engines(Random& random, const EngineOptions& options);

}  // namespace lockstep::control
