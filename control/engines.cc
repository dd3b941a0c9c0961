#include "control/engines.h"

#include <algorithm>

#include "crypto/lanes/engine.h"
#include "crypto/lanes/prepared_key.h"
#include "crypto/openssl/engine.h"
#include "crypto/openssl/job_cost.h"
#include "crypto/openssl/self_test.h"
#include "crypto/record/engine.h"
#include "crypto/schedule/schedule_engine.h"

namespace lockstep::control {
namespace {

using crypto::Engine;
using crypto::JobClass;

/// A single job that libcrypto computes for longer than this is no answer to few jobs: it would hold the worker's other
/// connections up. Lanes go in slices.
constexpr Duration kLongestScalar = microseconds(600);

/// Every class, in the order of JobClass.
constexpr std::array<JobClass, crypto::kJobClasses> kClasses = [] {
  std::array<JobClass, crypto::kJobClasses> classes{};
  for (std::size_t index = 0; index < classes.size(); ++index) classes[index] = static_cast<JobClass>(index);
  return classes;
}();

/// An engine that would be better than libcrypto.
struct Candidate {
  Engine* engine = nullptr;  // nullptr when it could not be made
  std::string why;           // what speaks for it, or why it could not be made
  bool (*meant_for)(JobClass) = nullptr;
};

struct Choice {
  Engine* engine;
  std::string why;
};

bool is_record(JobClass job_class) {
  return job_class >= JobClass::seal;
}
bool is_schedule(JobClass job_class) {
  return job_class >= JobClass::transcript && job_class < JobClass::seal;
}
bool is_public_key(JobClass job_class) {
  return job_class < JobClass::transcript;
}

/// Most jobs of a class without lanes in one run(): no turn of the loop shall spend much more than 200 µs in one class.
/// A single RSA or P-384 signature of libcrypto takes longer than that; one at a time is then the least.
std::uint16_t max_per_run(JobClass job_class, bool libcrypto) {
  switch (job_class) {
    case JobClass::transcript:
    case JobClass::tls13_key_update:
    case JobClass::tls13_binder:
    case JobClass::tls13_early_data:
    case JobClass::tls13_resumption:
    case JobClass::tls13_client_finished:
    case JobClass::tls12_finished:
    case JobClass::exporter:
      return libcrypto ? 16 : 64;
    case JobClass::tls13_server_flight:
    case JobClass::tls12_master_secret:
      return libcrypto ? 4 : 64;  // 1.6 µs each for SHA-256, 3.3 for SHA-384
    case JobClass::seal:
    case JobClass::open:
      return libcrypto ? 64 : 128;
    case JobClass::cbc_seal:
    case JobClass::cbc_open:
      return 16;  // of 16 KB each, with HMAC-SHA384: about 130 µs
    case JobClass::key_share_x25519:
    case JobClass::key_share_p256:
    case JobClass::derive_x25519:
    case JobClass::derive_p256:
      return 2;
    default:
      return 1;
  }
}

/// Jobs that one call of the better engine takes side by side.
std::uint16_t lanes_of(JobClass job_class) {
  if (is_public_key(job_class)) return crypto::lanes::kLanes;
  return job_class == JobClass::cbc_seal || job_class == JobClass::cbc_open ? 16 : 1;
}

Choice choose(Engine& libcrypto, const std::vector<Candidate>& candidates, JobClass job_class) {
  std::string why = "one at a time; no faster engine has this class";
  for (const Candidate& candidate : candidates) {
    if (!candidate.meant_for(job_class)) continue;
    if (candidate.engine == nullptr) {
      why = candidate.why;
      continue;
    }
    if (!candidate.engine->supports(job_class)) continue;
    std::string complaint = crypto::self_test(*candidate.engine, libcrypto, job_class, prepare_key);
    if (complaint.empty() && candidate.engine->in_flight() != 0) complaint = "it keeps jobs";
    if (complaint.empty()) return {candidate.engine, "self-test passed; " + candidate.why};
    why = std::string(candidate.engine->name()) + " failed its self-test: " + complaint;
  }
  return {&libcrypto, why};
}

Candidate add_ipsec_mb(EngineSet& set, const EngineOptions& options) {
  const auto info = std::make_shared<crypto::IpsecMbInfo>();
  auto made = crypto::make_ipsec_mb_engine(options.expanded_keys, info.get());
  if (!made) return {nullptr, made.error(), is_record};
  set.written.push_back(info);
  set.engines.push_back(std::move(made.value()));
  set.counters.insert(set.counters.end(), {{"expanded_keys_hits", &info->keys.hits},
                                           {"expanded_keys_expansions", &info->keys.expansions},
                                           {"expanded_keys_evictions", &info->keys.evictions}});
  return {set.engines.back().get(), info->features, is_record};
}

Candidate add_schedule(EngineSet& set) {
  set.engines.push_back(std::make_unique<crypto::ScheduleEngine>());
  return {set.engines.back().get(), "one round of hashes over all waiting jobs", is_schedule};
}

Candidate add_lanes(EngineSet& set, Random& random, const EngineOptions& options) {
  if (!crypto::lanes::ifma_available())
    return {nullptr, "one at a time: this processor has no AVX512-IFMA", is_public_key};
  const auto counters = std::make_shared<crypto::lanes::LanesCounters>();
  const crypto::lanes::MadeAheadOptions ahead = {options.made_ahead.key_pairs, options.made_ahead.nonce_pairs,
                                                 options.made_ahead.nonce_keys, options.made_ahead.life};
  set.written.push_back(counters);
  set.engines.push_back(crypto::lanes::make_lanes_engine(crypto::lanes::kIfmaKernels, *set.engines.front(), random,
                                                         crypto::lanes::system_nonce_source(options.core), ahead,
                                                         *counters));
  set.counters.insert(set.counters.end(), {{"key_pairs_made", &counters->ahead.key_pairs_made},
                                           {"key_pairs_taken", &counters->ahead.key_pairs_taken},
                                           {"key_pairs_missed", &counters->ahead.key_pairs_missed},
                                           {"nonce_pairs_made", &counters->ahead.nonce_pairs_made},
                                           {"nonce_pairs_taken", &counters->ahead.nonce_pairs_taken},
                                           {"nonce_pairs_missed", &counters->ahead.nonce_pairs_missed},
                                           {"made_ahead_expired", &counters->ahead.expired},
                                           {"made_ahead_dropped", &counters->ahead.dropped},
                                           {"lanes_recomputed", &counters->recomputed},
                                           {"lanes_passed_on", &counters->passed_on}});
  return {set.engines.back().get(), "eight at a time by AVX512-IFMA", is_public_key};
}

std::string microseconds_text(Duration duration) {
  return std::to_string(duration.ns / 1000) + "." + std::to_string(duration.ns / 100 % 10) + " us";
}

/// The crossover: as many jobs as libcrypto does in the time of one call of the lanes.
std::string measure(crypto::ClassPolicy& policy, Engine& libcrypto, JobClass job_class) {
  if (job_class == JobClass::rsa_3072 || job_class == JobClass::rsa_4096) return "always in slices";
  policy.scalar_cost = crypto::measure_cost(libcrypto, job_class, 1, prepare_key);
  const Duration lanes = crypto::measure_cost(*policy.engine, job_class, crypto::lanes::kLanes, prepare_key);
  // RSA goes in slices of its own, one in each turn.
  if (job_class != JobClass::rsa_2048) policy.cost = lanes;
  if (policy.scalar_cost < kLongestScalar) {
    policy.scalar = &libcrypto;
    policy.crossover =
        static_cast<std::uint16_t>(std::clamp<std::int64_t>((lanes.ns - 1) / policy.scalar_cost.ns + 1, 1, 8));
  }
  return "a call takes " + microseconds_text(lanes) + ", one job of libcrypto " + microseconds_text(policy.scalar_cost);
}

}  // namespace

Result<EngineSet, std::string> make_engines(Random& random, const EngineOptions& options) {
  EngineSet set;
  std::unique_ptr<Engine> made = crypto::make_openssl_engine(random);
  if (made == nullptr)
    return Failure{std::string("libcrypto lacks an algorithm that TLS needs; install libssl3 3.0 or later")};
  set.engines.push_back(std::move(made));
  Engine& libcrypto = *set.engines.front();
  for (const JobClass job_class : kClasses) {
    const std::string complaint = crypto::self_test(libcrypto, libcrypto, job_class);
    if (!complaint.empty())
      return Failure{std::string("libcrypto failed its self-test for ") + crypto::name(job_class) + ": " + complaint};
  }
  std::vector<Candidate> candidates;
  candidates.push_back(add_lanes(set, random, options));
  candidates.push_back(add_ipsec_mb(set, options));
  candidates.push_back(add_schedule(set));
  for (const JobClass job_class : kClasses) {
    const auto index = static_cast<std::size_t>(job_class);
    Choice choice = choose(libcrypto, candidates, job_class);
    crypto::ClassPolicy& policy = set.policy[index];
    policy.engine = choice.engine;
    policy.scalar = choice.engine;
    const bool scalar = choice.engine == &libcrypto;
    policy.lanes = scalar ? 1 : lanes_of(job_class);
    policy.max_per_run = !scalar && is_public_key(job_class) ? crypto::kMaxLanes : max_per_run(job_class, scalar);
    policy.budget = options.budgets[index].value_or(Duration{});
    if (!scalar && is_public_key(job_class)) choice.why += "; " + measure(policy, libcrypto, job_class);
    set.table.push_back({job_class, choice.engine->name(), std::move(choice.why)});
  }
  for (const auto& engine : set.engines) engine->drop_ahead();
  return set;
}

std::unique_ptr<Engine> make_chain_engine(Random& random) {
  return crypto::make_openssl_engine(random);
}

void prepare_key(crypto::PrivateKey& key) {
  crypto::lanes::prepare_key(key);
}

}  // namespace lockstep::control
