#include "bench/handshake/stages.h"

#include <algorithm>
#include <ctime>
#include <numeric>

namespace lockstep::bench {
namespace {

using crypto::JobKind;

Stage stage_of(JobKind kind) {
  switch (kind) {
    case JobKind::key_share:
      return Stage::key_share;
    case JobKind::derive:
      return Stage::derive;
    case JobKind::sign:
    case JobKind::verify:
    case JobKind::rsa_premaster:
      return Stage::sign;
    case JobKind::transcript:
      return Stage::transcript;
    case JobKind::tls13_server_flight:
    case JobKind::tls13_key_update:
    case JobKind::tls13_binder:
    case JobKind::tls13_early_data:
    case JobKind::tls13_resumption:
    case JobKind::tls13_client_finished:
    case JobKind::tls12_master_secret:
    case JobKind::tls12_finished:
    case JobKind::exporter:
      return Stage::schedule;
    case JobKind::seal:
    case JobKind::open:
    case JobKind::cbc_seal:
    case JobKind::cbc_open:
      return Stage::records;
    case JobKind::remote:
    case JobKind::verify_chain:
      break;
  }
  return Stage::other;
}

class TimedEngine final : public crypto::Engine {
 public:
  TimedEngine(crypto::Engine& engine, StageTimes& times) : engine_(engine), times_(times) {}

  const char* name() const override { return engine_.name(); }
  bool supports(crypto::JobClass job_class) const override { return engine_.supports(job_class); }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
    const Stage stage = stage_of(jobs.front()->kind);
    const std::int64_t before = thread_nanoseconds();
    engine_.run(jobs, done);
    times_.add(stage, thread_nanoseconds() - before);
  }
  /// Only private RSA operations are worked on in slices.
  void poll(Instant now, crypto::JobList& done) override {
    if (engine_.in_flight() == 0) return engine_.poll(now, done);
    const std::int64_t before = thread_nanoseconds();
    engine_.poll(now, done);
    times_.add(Stage::sign, thread_nanoseconds() - before);
  }
  std::size_t in_flight() const override { return engine_.in_flight(); }
  bool has_slices() const override { return engine_.has_slices(); }
  bool made_ahead(const crypto::Job& job) const override { return engine_.made_ahead(job); }
  bool make_ahead() override {
    const std::int64_t before = thread_nanoseconds();
    const bool made = engine_.make_ahead();
    times_.add(Stage::refill, thread_nanoseconds() - before);
    return made;
  }
  void drop_ahead() override { engine_.drop_ahead(); }
  void forget(std::uint64_t id) override { engine_.forget(id); }

 private:
  crypto::Engine& engine_;
  StageTimes& times_;
};

}  // namespace

std::int64_t thread_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

StageTimes::StageTimes() {
  std::array<std::int64_t, 1001> readings;
  for (std::int64_t& reading : readings) {
    const std::int64_t before = thread_nanoseconds();
    reading = thread_nanoseconds() - before;
  }
  std::nth_element(readings.begin(), readings.begin() + readings.size() / 2, readings.end());
  reading_ = readings[readings.size() / 2];
}

void StageTimes::add(Stage stage, std::int64_t nanoseconds) {
  times_[static_cast<std::size_t>(stage)] += nanoseconds - reading_;
  sections_ -= 2 * reading_;
}

std::int64_t StageTimes::of(Stage stage) const {
  if (stage != Stage::other) return times_[static_cast<std::size_t>(stage)];
  return sections_ - std::accumulate(times_.begin(), times_.end(), std::int64_t{0});
}

void StageTimes::clear() {
  times_ = {};
  sections_ = 0;
}

crypto::Policy TimedEngines::wrap(const crypto::Policy& policy) {
  crypto::Policy timed = policy;
  for (auto& entry : timed) {
    entry.engine = wrap(entry.engine);
    entry.scalar = wrap(entry.scalar);
  }
  return timed;
}

crypto::Engine* TimedEngines::wrap(crypto::Engine* engine) {
  if (engine == nullptr) return nullptr;
  for (const auto& [original, timed] : wrapped_) {
    if (original == engine) return timed.get();
  }
  wrapped_.emplace_back(engine, std::make_unique<TimedEngine>(*engine, times_));
  return wrapped_.back().second.get();
}

}  // namespace lockstep::bench
