// A core that does nothing but the long jobs of all workers.
#pragma once

#include <deque>
#include <vector>

#include "crypto/batch.h"
#include "dataplane/worker/crypto_channel.h"
#include "dataplane/worker/worker.h"

namespace lockstep::worker {

struct CryptoCoreConfig {
  std::size_t workers = 1;
  Idle idle = Idle::sleep;
  Duration turn_limit = crypto::Batch::kNoTurnLimit;  // see crypto::Batch; answers go back once a turn
  std::size_t channel_capacity = kCryptoChannelCapacity;
};

// clang-format off
#define LOCKSTEP_CRYPTO_CORE_COUNTERS(X)                              \
  X(counter, turns, "Turns of the loop")                              \
  X(counter, jobs, "Jobs given back")                                 \
  X(counter, sleeps, "Times the crypto core slept")                   \
  X(counter, busy_nanoseconds, "Time in turns with work")             \
  X(counter, idle_nanoseconds, "Time in turns without work, and asleep")
// clang-format on
LOCKSTEP_COUNTERS(CryptoCoreCounters, LOCKSTEP_CRYPTO_CORE_COUNTERS);

/// Gathers jobs over all workers in a batch of its own, and returns each to the worker it came from.
///
/// Life: made; run() on its thread, or begin(), turn() ..., end() by a test or a simulation; destroyed when no worker
/// uses its channels any more. Workers may come and send at any time: before begin() and after end() they serve
/// themselves.
class CryptoCore {
 public:
  /// The engines of `policy` are this core's own and outlive it.
  CryptoCore(const CryptoCoreConfig& config, const crypto::Policy& policy);
  CryptoCore(const CryptoCore&) = delete;
  CryptoCore& operator=(const CryptoCore&) = delete;

  /// For the RemoteEngine of worker `index`.
  CryptoChannel& channel(std::size_t index) { return channels_[index]; }
  const CryptoChannel& channel(std::size_t index) const { return channels_[index]; }
  std::size_t channels() const { return channels_.size(); }

  /// Turns until stop(), with the real clock and the configured idling. Runs on the calling thread, which is pinned.
  /// What has come before stop() is finished and given back.
  void run();

  /// Once, before the first turn: workers may send from now on.
  void begin();
  /// One turn of the loop at `now`; true when jobs came or went.
  bool turn(Instant now);
  /// When the next turn is needed at the latest, if nothing comes.
  Instant next() const { return batch_.deadline(); }
  /// stop() was called, and all that had come is given back: no turn is needed any more.
  bool finished() const { return !accepting_ && batch_.in_flight() == 0; }
  /// Once, after the last turn. A worker takes back what it has put in since.
  void end();

  /// From any thread: makes run() return when it has given everything back.
  void stop();
  /// From any thread: throws away what was made ahead, at the beginning of the next turn.
  void drop_ahead();
  /// All requests to drop have been carried out; from any thread.
  bool has_dropped() const;

  const crypto::Batch& batch() const { return batch_; }
  const CryptoCoreCounters& counters() const { return counters_; }

 private:
  /// A job that is here: `owner` of the job itself is used for the number of its ticket.
  struct Ticket {
    std::uint32_t channel = 0;
    crypto::JobOwner owner;
  };

  void obey();
  bool take(Instant now);
  bool give_back(crypto::JobList& done);
  bool nothing_came() const;
  void sleep(Instant until);

  const CryptoCoreConfig config_;
  crypto::Batch batch_;
  io::Doorbell bell_;
  std::deque<CryptoChannel> channels_;
  std::vector<Ticket> tickets_;
  std::vector<std::uint32_t> free_tickets_;  // as many as the channels together can hold jobs
  std::size_t first_channel_ = 0;            // that is looked at first: turns, so that all wait alike
  bool accepting_ = true;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> drop_requests_{0};
  std::atomic<std::uint64_t> dropped_{0};
  CryptoCoreCounters counters_;
};

}  // namespace lockstep::worker
