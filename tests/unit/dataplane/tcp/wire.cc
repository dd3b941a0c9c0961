#include "tests/unit/dataplane/tcp/wire.h"

#include <algorithm>

namespace lockstep::testing {

void Wire::enqueue(std::size_t to, MbufPtr frame, Instant at) {
  frames_.push({at, ++order_, to, frame.release()});
}

void Wire::carry(std::size_t to, MbufPtr frame) {
  if (chance(impairments_.loss)) return;
  MbufPtr copy = copy_frame(*frame);
  if (copy == nullptr) return;
  Instant departure = now_;
  if (impairments_.bytes_per_second > 0) {
    const Duration waiting = std::max(line_free_[to] - now_, Duration{});
    if (static_cast<double>(waiting.ns) * 1e-9 * impairments_.bytes_per_second >
        static_cast<double>(impairments_.queue_bytes))
      return;
    departure = now_ + waiting;
    const double seconds_on_line = copy->pkt_len / impairments_.bytes_per_second;
    departure = departure + nanoseconds(static_cast<std::int64_t>(seconds_on_line * 1e9));
    line_free_[to] = departure;
  }
  Instant arrival = departure + impairments_.delay;
  if (chance(impairments_.reordering))
    arrival = arrival + nanoseconds(std::uniform_int_distribution<std::int64_t>(0, impairments_.delay.ns * 4)(random_));
  if (chance(impairments_.corruption)) {
    const auto bit = std::uniform_int_distribution<std::uint32_t>(0, copy->data_len * 8U - 1)(random_);
    bytes_of(*copy)[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
  if (chance(impairments_.duplication))
    if (MbufPtr again = copy_frame(*copy)) enqueue(to, std::move(again), arrival + impairments_.delay / 2);
  enqueue(to, std::move(copy), arrival);
}

void Wire::turn(std::size_t index, const Application& application) {
  Host& host = *hosts_[index];
  std::vector<rte_mbuf*> burst;
  std::vector<Frame> others;
  while (!frames_.empty() && frames_.top().at <= now_) {
    if (frames_.top().to == index) {
      burst.push_back(frames_.top().mbuf);
    } else {
      others.push_back(frames_.top());
    }
    frames_.pop();
  }
  for (const Frame& frame : others) frames_.push(frame);
  if (!burst.empty()) host.receive(burst, now_);
  host.stack().advance(now_);
  application(host.stack(), now_);
  host.stack().output(now_);
  host.network().advance(now_);
  host.transmit([&](MbufPtr frame) { carry(1 - index, std::move(frame)); });
}

bool Wire::run(const std::array<Application, 2>& applications, Instant limit, const std::function<bool()>& done) {
  for (;;) {
    for (std::size_t i = 0; i < hosts_.size(); ++i) turn(i, applications[i]);
    if (done()) return true;
    Instant next = std::min(wake_, frames_.empty() ? Instant::never() : frames_.top().at);
    for (Host* host : hosts_) next = std::min({next, host->stack().next(), host->network().next()});
    if (next > limit) return false;
    if (next == wake_) wake_ = Instant::never();
    // A wheel fires up to its granularity late: time has to pass.
    now_ = std::max(next, now_ + microseconds(10));
  }
}

void Wire::settle(const std::array<Application, 2>& applications, Instant until) {
  run(applications, until, [] { return false; });
  now_ = until;
  while (!frames_.empty()) {
    rte_pktmbuf_free(frames_.top().mbuf);
    frames_.pop();
  }
}

}  // namespace lockstep::testing
