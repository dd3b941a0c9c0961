#include "control/engines.h"

#include "crypto/openssl/engine.h"
#include "crypto/openssl/self_test.h"
#include "crypto/record/engine.h"
#include "crypto/schedule/schedule_engine.h"

namespace lockstep::control {
namespace {

using crypto::Engine;
using crypto::JobClass;

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
};

struct Choice {
  Engine* engine;
  std::string why;
};

/// Most jobs of a class in one run(): no turn of the loop shall spend much more than 200 µs in one class. A single RSA
/// or P-384 signature of libcrypto takes longer than that; one at a time is then the least.
std::uint16_t max_per_run(JobClass job_class, bool libcrypto) {
  switch (job_class) {
    case JobClass::transcript:
    case JobClass::tls13_key_update:
    case JobClass::tls12_finished:
      return libcrypto ? 16 : 64;
    case JobClass::tls13_server_flight:
    case JobClass::tls12_master_secret:
      return libcrypto ? 4 : 16;
    case JobClass::seal:
    case JobClass::open:
    case JobClass::cbc_seal:
    case JobClass::cbc_open:
      return libcrypto ? 64 : 128;
    case JobClass::key_share_x25519:
    case JobClass::key_share_p256:
    case JobClass::derive_x25519:
    case JobClass::derive_p256:
      return 2;
    default:
      return 1;
  }
}

Choice choose(Engine& libcrypto, const std::vector<Candidate>& candidates, JobClass job_class) {
  std::string why = "one at a time; no faster engine has this kind";
  for (const Candidate& candidate : candidates) {
    if (candidate.engine == nullptr) {
      if (job_class == JobClass::seal || job_class == JobClass::open) why = candidate.why;
      continue;
    }
    if (!candidate.engine->supports(job_class)) continue;
    const std::string complaint = crypto::self_test(*candidate.engine, libcrypto, job_class);
    if (complaint.empty()) return {candidate.engine, "self-test passed; " + candidate.why};
    why = std::string(candidate.engine->name()) + " failed its self-test: " + complaint;
  }
  return {&libcrypto, why};
}

Candidate add_ipsec_mb(EngineSet& set, const EngineOptions& options) {
  const auto info = std::make_shared<crypto::IpsecMbInfo>();
  auto made = crypto::make_ipsec_mb_engine(options.expanded_keys, info.get());
  if (!made) return {nullptr, made.error()};
  set.written = info;
  set.engines.push_back(std::move(made.value()));
  set.counters = {{"expanded_keys_hits", &info->keys.hits},
                  {"expanded_keys_expansions", &info->keys.expansions},
                  {"expanded_keys_evictions", &info->keys.evictions}};
  return {set.engines.back().get(), info->features};
}

Candidate add_schedule(EngineSet& set) {
  set.engines.push_back(std::make_unique<crypto::ScheduleEngine>());
  return {set.engines.back().get(), "less overhead per hash than libcrypto"};
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
    if (!libcrypto.supports(job_class)) continue;
    const std::string complaint = crypto::self_test(libcrypto, libcrypto, job_class);
    if (!complaint.empty())
      return Failure{std::string("libcrypto failed its self-test for ") + crypto::name(job_class) + ": " + complaint};
  }
  const std::vector<Candidate> candidates = {add_ipsec_mb(set, options), add_schedule(set)};
  for (const JobClass job_class : kClasses) {
    const auto index = static_cast<std::size_t>(job_class);
    if (!libcrypto.supports(job_class)) continue;
    Choice choice = choose(libcrypto, candidates, job_class);
    crypto::ClassPolicy& policy = set.policy[index];
    policy.engine = choice.engine;
    policy.scalar = choice.engine;
    policy.lanes = 1;
    policy.max_per_run = max_per_run(job_class, choice.engine == &libcrypto);
    policy.budget = options.budgets[index].value_or(Duration{});
    set.table.push_back({job_class, choice.engine->name(), std::move(choice.why)});
  }
  return set;
}

}  // namespace lockstep::control
