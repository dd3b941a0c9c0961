// Workers' batches and crypto cores on one thread, turned by hand.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "dataplane/worker/crypto_core.h"
#include "dataplane/worker/remote_engine.h"

namespace lockstep::worker::test {

/// Notes the size of each call. Finishes jobs at once, or keeps them while `keep` is set.
class NotingEngine final : public crypto::Engine {
 public:
  const char* name() const override { return "noting"; }
  bool supports(crypto::JobClass) const override { return true; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
    calls.push_back(jobs.size());
    for (crypto::Job* const job : jobs) {
      job->status = crypto::JobStatus::ok;
      (keep ? kept : done).push(*job);
    }
  }
  void poll(Instant, crypto::JobList& done) override {
    ++polls;
    while (crypto::Job* const job = keep ? nullptr : kept.pop()) done.push(*job);
  }
  std::size_t in_flight() const override { return kept.size(); }
  bool has_slices() const override { return !kept.empty(); }
  bool make_ahead() override {
    const bool room = ahead < 16;
    if (room) ahead += 8;
    return room;
  }
  void drop_ahead() override { ahead = 0; }

  std::vector<std::size_t> calls;
  bool keep = false;
  int polls = 0;
  int ahead = 0;
  crypto::JobList kept;
};

constexpr crypto::JobClass kSent = crypto::JobClass::derive_x25519;  // needs no key
constexpr crypto::JobClass kStays = crypto::JobClass::derive_p256;
constexpr std::size_t kLanes = 8;

inline crypto::Policy laned(crypto::Engine& engine) {
  crypto::Policy policy;
  for (crypto::ClassPolicy& served : policy)
    served = {.engine = &engine, .scalar = &engine, .lanes = kLanes, .budget = microseconds(30)};
  return policy;
}

inline JobClasses sent_classes() {
  JobClasses classes;
  classes.set(static_cast<std::size_t>(kSent));
  return classes;
}

/// One worker's side: its own engine, its remote engine, its batch, its jobs.
class Side {
 public:
  Side(const std::vector<CryptoCore*>& cores, std::size_t index) : Side(cores, index, laned(own)) {}
  /// With another policy for what the cores have no room for.
  Side(const std::vector<CryptoCore*>& cores, std::size_t index, const crypto::Policy& local)
      : remote(channels(cores, index), local, sent_classes()), batch(remote.policy()) {}

  crypto::DeriveJob& submit(Instant now, crypto::NamedGroup group = crypto::NamedGroup::x25519) {
    crypto::DeriveJob& job = jobs.emplace_back();
    job.group = group;
    job.owner = {static_cast<std::uint32_t>(jobs.size()), 77};
    batch.submit(job, now);
    return job;
  }
  void submit_many(std::size_t count, Instant now) {
    for (std::size_t i = 0; i < count; ++i) submit(now);
  }
  /// A pass of the worker's batch; how many jobs came back.
  std::size_t run(Instant now, bool idle = true) { return batch.run(now, idle, done); }

  NotingEngine own;
  RemoteEngine remote;
  crypto::Batch batch;
  std::deque<crypto::DeriveJob> jobs;
  crypto::JobList done;

 private:
  static std::vector<CryptoChannel*> channels(const std::vector<CryptoCore*>& cores, std::size_t index) {
    std::vector<CryptoChannel*> all;
    for (CryptoCore* const core : cores) all.push_back(&core->channel(index));
    return all;
  }
};

/// A crypto core with its engine.
struct Core {
  explicit Core(std::size_t workers, std::size_t capacity = 16, Idle idle = Idle::sleep)
      : core({.workers = workers, .idle = idle, .channel_capacity = capacity}, laned(engine)) {}
  NotingEngine engine;
  CryptoCore core;
};

}  // namespace lockstep::worker::test
