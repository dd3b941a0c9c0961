#include "dataplane/worker/crypto_core.h"

#include <poll.h>

#include <algorithm>

#include "dataplane/base/clock.h"
#include "dataplane/worker/pause.h"

namespace lockstep::worker {

using crypto::Job;
using crypto::JobList;

CryptoCore::CryptoCore(const CryptoCoreConfig& config, const crypto::Policy& policy)
    : config_(config), batch_(policy, config.turn_limit) {
  for (std::size_t i = 0; i < config_.workers; ++i) channels_.emplace_back(bell_, config_.channel_capacity);
  std::size_t jobs = 0;
  for (const CryptoChannel& channel : channels_) jobs += channel.requests.capacity();
  tickets_.resize(jobs);
  free_tickets_.reserve(jobs);
  for (std::size_t i = jobs; i != 0; --i) free_tickets_.push_back(static_cast<std::uint32_t>(i - 1));
}

bool CryptoCore::turn(Instant now) {
  const bool last = stopping_.load(std::memory_order_acquire);
  obey();
  const bool came = accepting_ && take(now);
  // What a worker puts in from now on it takes back itself: there is an end, whatever the workers do.
  if (last) accepting_ = false;
  JobList done;
  batch_.run(now, !came, done);
  counters_.turns.add();
  return give_back(done) || came;
}

void CryptoCore::obey() {
  if (has_dropped()) return;
  const std::uint64_t requests = drop_requests_.load(std::memory_order_acquire);
  batch_.drop_ahead();
  dropped_.store(requests, std::memory_order_release);
}

/// All that is in the rings: bounded by their size.
bool CryptoCore::take(Instant now) {
  bool any = false;
  first_channel_ = (first_channel_ + 1) % channels_.size();
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const std::size_t index = (first_channel_ + i) % channels_.size();
    Job* job = nullptr;
    while (!free_tickets_.empty() && channels_[index].requests.pop(job)) {
      const std::uint32_t ticket = free_tickets_.back();
      free_tickets_.pop_back();
      tickets_[ticket] = {static_cast<std::uint32_t>(index), job->owner};
      job->owner = {ticket, 0};
      // Its wait counts from the worker's submission.
      batch_.submit(*job, std::min(job->submitted, now));
      any = true;
    }
  }
  return any;
}

bool CryptoCore::give_back(JobList& done) {
  const bool any = !done.empty();
  while (Job* const job = done.pop()) {
    const std::uint32_t number = job->owner.index;
    const Ticket& ticket = tickets_[number];
    job->owner = ticket.owner;
    free_tickets_.push_back(number);
    counters_.jobs.add();
    (void)channels_[ticket.channel].answers.push(job);  // has room: see CryptoChannel
  }
  return any;
}

void CryptoCore::begin() {
  for (CryptoChannel& channel : channels_) channel.serving.store(true, std::memory_order_release);
}

void CryptoCore::end() {
  for (CryptoChannel& channel : channels_) channel.serving.store(false, std::memory_order_release);
}

void CryptoCore::stop() {
  stopping_.store(true, std::memory_order_release);
  bell_.ring();
}

void CryptoCore::drop_ahead() {
  drop_requests_.fetch_add(1, std::memory_order_acq_rel);
  bell_.ring();
}

bool CryptoCore::has_dropped() const {
  return dropped_.load(std::memory_order_acquire) == drop_requests_.load(std::memory_order_acquire);
}

void CryptoCore::run() {
  const Clock clock;
  Pause pause;
  pause.begin();
  begin();
  Instant idle_since = Instant::never();
  Instant now = clock.now();
  while (!finished()) {
    const bool worked = turn(now);
    idle_since = worked ? Instant::never() : std::min(idle_since, now);
    // Until the earliest deadline only: slices, and what is made ahead, go on at once.
    if (!worked && config_.idle == Idle::sleep && next() > now) {
      if (now - idle_since < kPauseBeforeSleep)
        pause();
      else
        sleep(std::min(next(), now + (bell_.descriptor() < 0 ? kLongestNap : kLongestSleep)));
    }
    const Instant then = std::exchange(now, clock.now());
    (worked ? counters_.busy_nanoseconds : counters_.idle_nanoseconds)
        .add(static_cast<std::uint64_t>(std::max<std::int64_t>((now - then).ns, 0)));
  }
  end();
}

bool CryptoCore::nothing_came() const {
  return !stopping_.load(std::memory_order_acquire) && has_dropped() &&
         std::ranges::all_of(channels_, [](const CryptoChannel& channel) { return channel.requests.empty(); });
}

void CryptoCore::sleep(Instant until) {
  const Clock clock;
  bell_.prepare();
  if (nothing_came()) {
    const std::int64_t left = std::max<std::int64_t>((until - clock.now()).ns, 0);
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    pollfd ready{bell_.descriptor(), POLLIN, 0};
    (void)ppoll(&ready, 1, &timeout, nullptr);
    counters_.sleeps.add();
  }
  bell_.finish();
}

}  // namespace lockstep::worker
