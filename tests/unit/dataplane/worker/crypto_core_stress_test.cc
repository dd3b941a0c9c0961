// Workers and a crypto core on threads of their own, small rings, connections that die: for ThreadSanitizer and
// AddressSanitizer as much as for the assertions.
#include <chrono>
#include <memory>
#include <thread>

#include "tests/unit/dataplane/worker/crypto_core_bench.h"

namespace lockstep::worker::test {
namespace {

constexpr std::size_t kJobs = 50'000;  // of each worker
constexpr std::size_t kConnections = 48;

Instant steady() {
  return {std::chrono::steady_clock::now().time_since_epoch().count()};
}

/// Answers with a function of the question; never keeps anything.
class AnsweringEngine final : public crypto::Engine {
 public:
  const char* name() const override { return "answering"; }
  bool supports(crypto::JobClass) const override { return true; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
    for (crypto::Job* const job : jobs) {
      auto& derive = static_cast<crypto::DeriveJob&>(*job);
      derive.shared_secret.writable()[0] = static_cast<std::uint8_t>(derive.peer_public_key[0] ^ 0x5aU);
      derive.status = crypto::JobStatus::ok;
      done.push(*job);
    }
  }
};

struct Connection {
  crypto::DeriveJob job;
  std::uint32_t generation = 0;
  bool ghost = false;  // dead for everybody but its job
};

/// A worker as far as jobs go: its connections submit, some die meanwhile, all are freed when their job is back.
class StressedWorker {
 public:
  StressedWorker(CryptoCore& core, std::size_t index)
      : remote_({&core.channel(index)}, laned(own_), sent_classes()),
        batch_(remote_.policy()),
        connections_(kConnections) {}

  void run() {
    for (std::size_t turn = 0; submitted_ < kJobs || batch_.in_flight() != 0; ++turn) {
      const Instant now = steady();
      for (std::size_t slot = turn % 3; slot < kConnections && submitted_ < kJobs; slot += 3) step(slot, now);
      crypto::JobList done;
      if (batch_.run(now, false, done) == 0) std::this_thread::yield();
      while (crypto::Job* const job = done.pop()) came_back(*job);
    }
  }
  std::size_t returned() const { return returned_; }
  std::size_t wrong() const { return wrong_; }
  std::uint64_t done_locally() const { return remote_.done_locally().value(); }

 private:
  void step(std::size_t slot, Instant now) {
    std::unique_ptr<Connection>& connection = connections_[slot];
    if (connection != nullptr) {
      connection->ghost = connection->ghost || submitted_ % 5 == 0;
      return;
    }
    connection = std::make_unique<Connection>();
    connection->generation = static_cast<std::uint32_t>(++submitted_);
    connection->job.owner = {static_cast<std::uint32_t>(slot), connection->generation};
    connection->job.peer_public_key[0] = static_cast<std::uint8_t>(submitted_ * 31);
    batch_.submit(connection->job, now);
  }
  void came_back(const crypto::Job& job) {
    ++returned_;
    std::unique_ptr<Connection>& connection = connections_[job.owner.index];
    const auto& derive = static_cast<const crypto::DeriveJob&>(job);
    const bool good = connection != nullptr && &connection->job == &job &&
                      connection->generation == job.owner.generation && job.status == crypto::JobStatus::ok &&
                      derive.shared_secret.expose()[0] == (derive.peer_public_key[0] ^ 0x5aU);
    if (!good) ++wrong_;
    connection.reset();
  }

  AnsweringEngine own_;
  RemoteEngine remote_;
  crypto::Batch batch_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t submitted_ = 0;
  std::size_t returned_ = 0;
  std::size_t wrong_ = 0;
};

/// Two workers and a core; the core is stopped after `core_jobs` of its jobs, or when the workers are through.
void run_stress(std::uint64_t core_jobs, bool core_must_be_full) {
  AnsweringEngine engine;
  CryptoCore core({.workers = 2, .channel_capacity = 4}, laned(engine));
  StressedWorker a(core, 0), b(core, 1);
  std::thread core_thread([&] {
    core.begin();
    while (!core.finished()) {
      if (!core.turn(steady())) std::this_thread::yield();
      if (core.counters().jobs.value() >= core_jobs) core.stop();
    }
    core.end();
  });
  std::thread a_thread([&] { a.run(); });
  std::thread b_thread([&] { b.run(); });
  a_thread.join();
  b_thread.join();
  core.stop();
  core_thread.join();
  for (const StressedWorker* const worker : {&a, &b}) {
    EXPECT_EQ(worker->returned(), kJobs);
    EXPECT_EQ(worker->wrong(), 0U);
  }
  EXPECT_EQ(core.counters().jobs.value() + a.done_locally() + b.done_locally(), 2 * kJobs);
  EXPECT_GE(core.counters().jobs.value(), std::min<std::uint64_t>(core_jobs, 1));
  if (core_must_be_full) {
    EXPECT_GT(core.channel(0).full.value() + core.channel(1).full.value(), 0U);
  }
}

TEST(CryptoCoreStress, NothingIsLostOrMixedUp) {
  run_stress(UINT64_MAX, true);
}

TEST(CryptoCoreStress, NothingIsLostWhenTheCoreStopsInTheMiddle) {
  for (const std::uint64_t jobs : {1U, 100U, 10'000U}) run_stress(jobs, false);
}

}  // namespace
}  // namespace lockstep::worker::test
