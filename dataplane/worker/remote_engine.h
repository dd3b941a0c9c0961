// A worker's engine for jobs that are done on dedicated crypto cores.
#pragma once

#include <bitset>
#include <vector>

#include "crypto/batch.h"
#include "dataplane/worker/crypto_channel.h"

namespace lockstep::worker {

using JobClasses = std::bitset<crypto::kJobClasses>;

/// Sends jobs to crypto cores and takes them back; never blocks. What no core has room for, and what a core that has
/// stopped leaves behind, is done by the worker's own engines, in one call each turn.
///
/// Jobs go to the first core that holds less than a full set of lanes of their class from this worker; when all hold
/// that much, to the one that holds the least. So lanes fill on the first core before the next gets anything, which
/// then computes while the first is busy; cores that are not needed sleep.
class RemoteEngine final : public crypto::Engine {
 public:
  /// `cores` are this worker's channels, in order of preference; `local` is how the worker's own engines serve all
  /// classes, `classes` among them. Jobs of a class without a local engine wait until a core has room for them, and
  /// fail when all have stopped. Channels and engines outlive this one. Used by the worker's thread only. `name`: of
  /// where jobs go, for status.
  RemoteEngine(const std::vector<CryptoChannel*>& cores, const crypto::Policy& local, const JobClasses& classes,
               const char* name = "crypto-cores");

  /// What to give to the worker: `local`, but `classes` go to this engine, at once.
  crypto::Policy policy();

  const char* name() const override { return name_; }
  bool supports(crypto::JobClass job_class) const override { return classes_[static_cast<std::size_t>(job_class)]; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override;
  void poll(Instant now, crypto::JobList& done) override;
  /// Jobs at the cores, and those that wait here for a worker's own engine.
  std::size_t in_flight() const override { return away_ + waiting_; }
  bool has_slices() const override;
  void drop_ahead() override;

  /// Jobs that the worker's own engines did instead; one writer, readable from other threads.
  const Counter& done_locally() const { return done_locally_; }

 private:
  /// What this worker has at one core.
  struct Core {
    explicit Core(CryptoChannel& its_channel) : channel(&its_channel) {}
    CryptoChannel* channel;
    std::size_t jobs = 0;
    std::array<std::uint16_t, crypto::kJobClasses> of_class{};
    bool ring = false;  // something was put in since the bell was rung
  };

  Core* choose(std::size_t job_class);
  void send(Core& core, crypto::Job& job, std::size_t job_class);
  void ring_bells();
  void take_back(Core& core, crypto::JobList& done);
  void wait(crypto::Job& job, std::size_t job_class);
  void send_waiting();
  void run_waiting(crypto::JobList& done);
  bool any_serving() const;
  void fail(crypto::JobList& jobs, crypto::JobList& done);

  const char* name_;
  std::vector<Core> cores_;
  crypto::Policy local_;
  JobClasses classes_;
  std::vector<crypto::Engine*> unshared_;  // own engines that serve nothing else: nobody but us polls them
  std::array<crypto::JobList, crypto::kJobClasses> waiting_of_class_;
  std::size_t waiting_ = 0;
  std::size_t away_ = 0;
  std::size_t next_class_ = 0;  // whose jobs the next local call takes: turns, so that none starves
  Instant turn_ = Instant::never();
  Counter done_locally_;
};

}  // namespace lockstep::worker
