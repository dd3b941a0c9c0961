#include "dataplane/worker/exchange.h"

#include <algorithm>

namespace lockstep::worker {

using crypto::JobStatus;
using crypto::RemoteJob;

void Exchange::begin(io::Doorbell& bell, WorkerCounters& counters) {
  counters_ = &counters;
  for (Channel* const channel : asked_) {
    channel->bell = &bell;
    channel->serving.store(true, std::memory_order_release);
  }
}

void Exchange::end() {
  for (Channel* const channel : asked_) channel->serving.store(false, std::memory_order_release);
}

bool Exchange::ask(RemoteJob& job) {
  Channel* const channel = job.core < asking_.size() ? asking_[job.core] : nullptr;
  if (channel == nullptr || !channel->serving.load(std::memory_order_acquire) ||
      channel->under_way == channel->questions.capacity()) {
    counters_->questions_refused.add();
    return false;
  }
  job.status = JobStatus::waiting;
  (void)channel->questions.push(&job);
  channel->bell->ring();
  ++channel->under_way;
  ++in_flight_;
  counters_->questions_asked.add();
  return true;
}

void Exchange::take_back(crypto::JobList& done) {
  if (in_flight_ == 0) return;
  for (Channel* const channel : asking_) {
    if (channel == nullptr || channel->under_way == 0) continue;
    // Read first: what the other did before it ended is then visible.
    const bool ended = !channel->serving.load(std::memory_order_acquire);
    const auto take = [&](RemoteJob& job, JobStatus status) {
      job.status = status;
      --channel->under_way;
      --in_flight_;
      done.push(job);
    };
    RemoteJob* job = nullptr;
    while (channel->answers.pop(job)) take(*job, JobStatus::ok);
    // Nobody will look into this ring again.
    while (ended && channel->questions.pop(job)) take(*job, JobStatus::engine_failed);
  }
}

bool Exchange::quiet() const {
  return std::ranges::all_of(asked_, [](const Channel* channel) { return channel->questions.empty(); });
}

Exchanges::Exchanges(std::size_t workers) {
  for (std::size_t i = 0; i < workers; ++i) {
    exchanges_.push_back(std::make_unique<Exchange>());
    exchanges_.back()->asking_.resize(workers, nullptr);
  }
  for (std::size_t asking = 0; asking < workers; ++asking) {
    for (std::size_t asked = 0; asked < workers; ++asked) {
      if (asking == asked) continue;
      channels_.push_back(std::make_unique<Exchange::Channel>());
      exchanges_[asking]->asking_[asked] = channels_.back().get();
      exchanges_[asked]->asked_.push_back(channels_.back().get());
    }
  }
}

}  // namespace lockstep::worker
