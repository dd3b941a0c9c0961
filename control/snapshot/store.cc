#include "control/snapshot/store.h"

#include <algorithm>

namespace lockstep::snapshot {

Store::Store(std::vector<Subscriber> subscribers)
    : subscribers_(std::move(subscribers)), sent_(subscribers_.size(), 0) {}

std::string Store::refusal() {
  maintain();
  // Publishing turns the current one into an old one.
  if (!live_.empty() && old() + 1 > kMaxOld)
    return std::to_string(old()) +
           " earlier configurations are still in use by handshakes that are not over; "
           "try again when they are, at the latest after handshake_timeout";
  return {};
}

std::string Store::publish(std::unique_ptr<proxy::Snapshot> snapshot) {
  if (snapshot->epoch != next_epoch()) return "the snapshot has the wrong epoch";
  if (std::string why = refusal(); !why.empty()) return why;
  last_epoch_ = snapshot->epoch;
  live_.push_back(std::move(snapshot));
  maintain();
  return {};
}

void Store::maintain() {
  if (live_.empty()) return;
  for (std::size_t i = 0; i < subscribers_.size(); ++i)
    if (sent_[i] != last_epoch_ && subscribers_[i].post(*live_.back())) sent_[i] = last_epoch_;
  // Epochs reach a worker in order: what waits in its mailbox is not older than what it pins.
  std::uint64_t oldest = last_epoch_;
  for (const Subscriber& subscriber : subscribers_) oldest = std::min(oldest, subscriber.oldest_pinned());
  live_.erase(std::remove_if(live_.begin(), live_.end() - 1,
                             [&](const std::unique_ptr<proxy::Snapshot>& s) { return s->epoch < oldest; }),
              live_.end() - 1);
}

bool Store::delivered() const {
  return std::all_of(sent_.begin(), sent_.end(), [&](std::uint64_t epoch) { return epoch == last_epoch_; });
}

}  // namespace lockstep::snapshot
