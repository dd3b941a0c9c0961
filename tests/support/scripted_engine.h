// An engine that decides when and in which order results come back, so that tests can try any completion order.
#pragma once

#include <set>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/engine.h"

namespace lockstep::test {

/// Wraps another engine and holds every job back. A job runs on the inner engine only when it is released, so whatever
/// it points to must live until then: a premature free is found by AddressSanitizer.
class ScriptedEngine final : public crypto::Engine {
 public:
  /// Holds jobs until `release` names how many may go. `inner` must outlive this engine.
  explicit ScriptedEngine(Engine& inner) : inner_(inner), random_(Random::from_number(0)) {}
  /// Releases by itself: each poll runs some of the held jobs, in an order that depends on `seed` only. Every job comes
  /// back sooner or later, as long as polls go on.
  ScriptedEngine(Engine& inner, std::uint64_t seed)
      : inner_(inner), random_(Random::from_number(seed)), by_seed_(true) {}

  /// Lets the `count` oldest held jobs go at the next poll.
  void release(std::size_t count) { released_ += count; }
  /// Lets everything go that is held at the next poll.
  void release_all() { released_ = held_.size(); }
  /// Puts the held jobs into reverse order, so that `release` begins with the newest.
  void reverse();
  /// Jobs that wait for their release.
  std::size_t held() const { return held_.size(); }

  const char* name() const override { return "scripted"; }
  bool supports(crypto::JobClass job_class) const override { return inner_.supports(job_class); }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override;
  void poll(Instant now, crypto::JobList& done) override;
  std::size_t in_flight() const override { return held_.size() + inner_.in_flight(); }
  void forget(std::uint64_t id) override {
    forgotten_.insert(id);
    inner_.forget(id);
  }
  /// The keys that were to be forgotten so far.
  const std::set<std::uint64_t>& forgotten() const { return forgotten_; }

 private:
  void go(std::size_t index, crypto::JobList& done);

  Engine& inner_;
  Random random_;
  bool by_seed_ = false;
  std::vector<crypto::Job*> held_;
  std::size_t released_ = 0;
  std::set<std::uint64_t> forgotten_;
};

}  // namespace lockstep::test
