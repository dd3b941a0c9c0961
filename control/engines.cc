#include "control/engines.h"

#include "crypto/openssl/engine.h"
#include "crypto/openssl/self_test.h"
#include "crypto/record/engine.h"
#include "crypto/schedule/schedule_engine.h"

namespace lockstep::control {
namespace {

using crypto::Engine;
using crypto::JobKind;

constexpr std::array kKinds = {JobKind::key_share,
                               JobKind::derive,
                               JobKind::sign,
                               JobKind::transcript,
                               JobKind::tls13_server_flight,
                               JobKind::tls13_key_update,
                               JobKind::tls12_master_secret,
                               JobKind::tls12_finished,
                               JobKind::seal,
                               JobKind::open};
static_assert(kKinds.size() == crypto::kJobKinds);

/// An engine that would be better than libcrypto.
struct Candidate {
  Engine* engine = nullptr;  // nullptr when it could not be made
  std::string why;           // what speaks for it, or why it could not be made
};

struct Choice {
  Engine* engine;
  std::string why;
};

/// Most jobs of a kind in one run(): no turn of the loop shall spend much more than 200 µs in one kind. A single RSA or
/// P-384 signature of libcrypto takes longer than that; one at a time is then the least.
std::uint16_t max_per_run(JobKind kind, bool libcrypto) {
  switch (kind) {
    case JobKind::sign:
      return 1;
    case JobKind::key_share:
    case JobKind::derive:
      return 2;
    case JobKind::transcript:
    case JobKind::tls13_key_update:
    case JobKind::tls12_finished:
      return libcrypto ? 16 : 64;
    case JobKind::tls13_server_flight:
    case JobKind::tls12_master_secret:
      return libcrypto ? 4 : 16;
    case JobKind::seal:
    case JobKind::open:
      break;
  }
  return libcrypto ? 64 : 128;
}

Choice choose(Engine& libcrypto, const std::vector<Candidate>& candidates, JobKind kind) {
  std::string why = "one at a time; no faster engine has this kind";
  for (const Candidate& candidate : candidates) {
    if (candidate.engine == nullptr) {
      if (kind == JobKind::seal || kind == JobKind::open) why = candidate.why;
      continue;
    }
    if (!candidate.engine->supports(kind)) continue;
    const std::string complaint = crypto::self_test(*candidate.engine, libcrypto, kind);
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
  for (const JobKind kind : kKinds) {
    const std::string complaint = crypto::self_test(libcrypto, libcrypto, kind);
    if (!complaint.empty())
      return Failure{std::string("libcrypto failed its self-test for ") + crypto::name(kind) + ": " + complaint};
  }
  const std::vector<Candidate> candidates = {add_ipsec_mb(set, options), add_schedule(set)};
  for (const JobKind kind : kKinds) {
    const auto index = static_cast<std::size_t>(kind);
    Choice choice = choose(libcrypto, candidates, kind);
    crypto::KindPolicy& policy = set.policy[index];
    policy.engine = choice.engine;
    policy.scalar = choice.engine;
    policy.lanes = 1;
    policy.max_per_run = max_per_run(kind, choice.engine == &libcrypto);
    policy.budget = options.budgets[index].value_or(Duration{});
    set.table.push_back({kind, choice.engine->name(), std::move(choice.why)});
  }
  return set;
}

}  // namespace lockstep::control
