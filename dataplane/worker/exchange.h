// How workers ask each other about what one of them owns: single-producer rings between each two.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "crypto/job.h"
#include "dataplane/base/spsc_ring.h"
#include "dataplane/io/doorbell.h"
#include "dataplane/proxy/remote.h"
#include "dataplane/worker/worker.h"

namespace lockstep::worker {

/// Questions of one worker that may be under way to another.
constexpr std::size_t kExchangeCapacity = 256;

/// One worker's side. All of it belongs to that worker's thread but `bell`.
class Exchange final : public proxy::Remote {
 public:
  /// Before the first turn: `bell` wakes this worker, `counters` are its own.
  void begin(io::Doorbell& bell, WorkerCounters& counters);
  /// On the worker's thread, after its last turn: questions that wait here will not be answered.
  void end();

  bool ask(crypto::RemoteJob& job) override;
  void take_back(crypto::JobList& done) override;
  std::size_t in_flight() const override { return in_flight_; }

  /// Hands each question that waits here to `answer(RemoteJob&)` and sends it back. True when there was one.
  template <class Answer>
  bool serve(Answer&& answer) {
    bool any = false;
    for (Channel* const channel : asked_) {
      crypto::RemoteJob* job = nullptr;
      // An answer always finds room: no more are under way than a ring holds.
      for (std::size_t i = 0; i < kExchangeCapacity && channel->questions.pop(job); ++i) {
        answer(*job);
        (void)channel->answers.push(job);
        counters_->questions_answered.add();
        any = true;
      }
    }
    return any;
  }
  /// No question waits here; a hint for a worker that wants to sleep.
  bool quiet() const;

 private:
  friend class Exchanges;

  /// From one worker to another.
  struct Channel {
    SpscRing<crypto::RemoteJob*> questions{kExchangeCapacity};
    SpscRing<crypto::RemoteJob*> answers{kExchangeCapacity};
    /// Set by who answers before its first turn, and cleared after it has touched the rings for the last time.
    std::atomic<bool> serving{false};
    io::Doorbell* bell = nullptr;  // of who answers
    std::size_t under_way = 0;     // of who asks
  };

  std::vector<Channel*> asking_;  // by the number of who is asked; nullptr at our own
  std::vector<Channel*> asked_;   // of everybody else
  std::size_t in_flight_ = 0;
  WorkerCounters* counters_ = nullptr;
};

/// The exchanges of all workers and the rings between them. Outlives the workers.
class Exchanges {
 public:
  explicit Exchanges(std::size_t workers);
  Exchange& of(std::size_t worker) { return *exchanges_[worker]; }

 private:
  std::vector<std::unique_ptr<Exchange::Channel>> channels_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
};

}  // namespace lockstep::worker
