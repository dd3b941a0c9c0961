#include "dataplane/worker/sleeper.h"

#include <algorithm>

#include "dataplane/worker/exchange.h"

namespace lockstep::worker {

Sleeper::Sleeper(const Clock& clock, const std::vector<io::PacketQueue*>& queues, const SpscRing<Message>& mailbox,
                 const Exchange* exchange, WorkerCounters& counters)
    : clock_(clock), queues_(queues), mailbox_(mailbox), exchange_(exchange), counters_(counters) {
  descriptors_.reserve(1 + io::kWaitDescriptors * queues.size());
}

void Sleeper::begin() {
  pause_.begin();
}

void Sleeper::worked() {
  idle_since_ = Instant::never();
  nap_ = kFirstNap;
  woken_ = false;
  fruitless_ = 0;
}

void Sleeper::idle(Instant now, Instant until) {
  if (woken_) ++fruitless_;
  woken_ = false;
  idle_since_ = std::min(idle_since_, now);
  if (until <= now) return;
  if (now - idle_since_ < kPauseBeforeSleep) {
    pause_();
  } else {
    sleep(now, until);
  }
}

void Sleeper::sleep(Instant now, Instant until) {
  const bool all_wake_us = collect_descriptors();
  const Duration longest = all_wake_us ? kLongestSleep : nap_;
  nap_ = std::min(nap_ * 2, kLongestNap);
  const Instant end = std::min(until, now + longest);
  if (prepare()) {
    const std::int64_t left = std::max<std::int64_t>((end - clock_.now()).ns, 0);
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    const int ready = ppoll(descriptors_.data(), descriptors_.size(), &timeout, nullptr);
    woken_ = ready > 0;
    counters_.sleeps.add();
    if (woken_) counters_.sleeps_ended_early.add();
    if (ready == 0) late_.record(static_cast<std::uint64_t>(std::max<std::int64_t>((clock_.now() - end).ns, 0)));
  }
  finish();
  counters_.idle_nanoseconds.add(static_cast<std::uint64_t>(std::max<std::int64_t>((clock_.now() - now).ns, 0)));
}

/// Whether every queue, and control, can end the sleep.
bool Sleeper::collect_descriptors() {
  const auto add = [this](int descriptor) { descriptors_.push_back({descriptor, POLLIN, 0}); };
  descriptors_.clear();
  bool all = bell_.descriptor() >= 0 && fruitless_ <= kMaxFruitless;
  add(bell_.descriptor());
  if (fruitless_ > kMaxFruitless) return false;
  for (const io::PacketQueue* const queue : queues_) {
    int found[io::kWaitDescriptors];
    const std::size_t count = queue->wait_descriptors(found);
    for (std::size_t i = 0; i < count; ++i) add(found[i]);
    all = all && count != 0;
  }
  return all;
}

/// Announces the sleep to everybody who may ring; false when there is work already.
bool Sleeper::prepare() {
  bell_.prepare();
  bool nothing = mailbox_.empty() && (exchange_ == nullptr || exchange_->quiet());
  for (io::PacketQueue* const queue : queues_) nothing = queue->prepare_wait() && nothing;
  return nothing;
}

void Sleeper::finish() {
  bell_.finish();
  for (io::PacketQueue* const queue : queues_) queue->finish_wait();
}

}  // namespace lockstep::worker
