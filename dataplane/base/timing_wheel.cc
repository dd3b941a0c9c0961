#include "dataplane/base/timing_wheel.h"

#include <bit>

namespace lockstep {

namespace {

constexpr unsigned kDigitBits = 6;
constexpr std::int64_t kDigitMask = 63;
constexpr std::int64_t kTick = 1'000'000;  // nanoseconds

/// The first tick that is not before `at`.
std::int64_t tick_not_before(Instant at) {
  if (at.ns <= 0) return 0;
  return at.ns / kTick + (at.ns % kTick != 0 ? 1 : 0);
}

std::int64_t digit(std::int64_t tick, int level) {
  return tick >> (kDigitBits * static_cast<unsigned>(level));
}

}  // namespace

void Timer::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = nullptr;
  previous_ = nullptr;
}

TimingWheel::TimingWheel(Instant now) : tick_(now.ns / kTick) {
  for (auto& level : slots_)
    for (Timer& head : level) make_head(head);
  make_head(due_);
  make_head(late_);
}

TimingWheel::~TimingWheel() {
  for (auto& level : slots_)
    for (Timer& head : level) disarm_all(head);
  disarm_all(due_);
  disarm_all(late_);
}

void TimingWheel::make_head(Timer& head) {
  head.next_ = head.previous_ = &head;
}

bool TimingWheel::is_empty(const Timer& head) {
  return head.next_ == &head;
}

void TimingWheel::disarm_all(Timer& head) {
  while (!is_empty(head)) head.next_->unlink();
}

void TimingWheel::push_back(Timer& head, Timer& timer) {
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

void TimingWheel::move_all(Timer& from, Timer& to) {
  if (is_empty(from)) return;
  from.next_->previous_ = to.previous_;
  to.previous_->next_ = from.next_;
  from.previous_->next_ = &to;
  to.previous_ = from.previous_;
  make_head(from);
}

void TimingWheel::arm(Timer& timer, Instant at) {
  timer.unlink();
  timer.at_ = at;
  if (tick_not_before(at) <= tick_)
    push_back(late_, timer);
  else
    place(timer);
}

// A timer lies on the level of the highest digit (base 64) in which its tick differs from the current one. So all
// timers of level n share the digits above n with the current tick, and a lower level always fires before a higher one.
// Only the top level is circular.
void TimingWheel::place(Timer& timer) {
  const std::int64_t tick = tick_not_before(timer.at_);
  if (tick <= tick_) {
    push_back(due_, timer);
    return;
  }
  const auto difference = static_cast<std::uint64_t>(tick ^ tick_);
  int level = (static_cast<int>(std::bit_width(difference)) - 1) / static_cast<int>(kDigitBits);
  std::int64_t slot = 0;
  if (level < kLevels - 1) {
    slot = digit(tick, level) & kDigitMask;
  } else {
    level = kLevels - 1;
    const std::int64_t current = digit(tick_, level);
    const std::int64_t wanted = digit(tick, level);
    slot = (wanted - current < kSlots ? wanted : current + kSlots - 1) & kDigitMask;
  }
  push_back(slots_[static_cast<std::size_t>(level)][static_cast<std::size_t>(slot)], timer);
  occupied_[static_cast<std::size_t>(level)] |= std::uint64_t{1} << static_cast<unsigned>(slot);
}

TimingWheel::Position TimingWheel::after(int level, std::int64_t tick) const {
  const std::uint64_t bits = occupied_[static_cast<std::size_t>(level)];
  const std::int64_t current = digit(tick, level);
  const auto index = static_cast<unsigned>(current & kDigitMask);
  // Bit i of `ahead`: the slot i + 1 after the current one. Below the top level a slot behind the current one is empty.
  const std::uint64_t ahead = std::rotr(bits, static_cast<int>((index + 1) & kDigitMask));
  if (ahead == 0) return {};
  const std::int64_t slot = current + 1 + std::countr_zero(ahead);
  return {level, static_cast<std::size_t>(slot & kDigitMask), slot << (kDigitBits * static_cast<unsigned>(level))};
}

void TimingWheel::collect(Instant now) {
  move_all(late_, due_);
  const std::int64_t target = now.ns / kTick;
  while (tick_ < target) {
    Position next;
    for (int level = 0; level < kLevels && next.level < 0; ++level) next = after(level, tick_);
    if (next.level < 0 || next.tick > target) {
      tick_ = target;
      return;
    }
    tick_ = next.tick;
    const auto level = static_cast<std::size_t>(next.level);
    occupied_[level] &= ~(std::uint64_t{1} << next.slot);
    Timer waiting;
    make_head(waiting);
    move_all(slots_[level][next.slot], waiting);
    while (!is_empty(waiting)) {
      Timer& timer = *waiting.next_;
      timer.unlink();
      place(timer);
    }
  }
}

Timer* TimingWheel::pop_due() {
  if (is_empty(due_)) return nullptr;
  Timer* const timer = due_.next_;
  timer->unlink();
  return timer;
}

Instant TimingWheel::next() const {
  if (!is_empty(due_) || !is_empty(late_)) return Instant{tick_ * kTick};
  for (int level = 0; level < kLevels; ++level) {
    std::int64_t tick = tick_;
    // Slots whose timers were all disarmed still have their bit: look on behind them, once around at most.
    for (int i = 0; i < kSlots; ++i) {
      const Position found = after(level, tick);
      if (found.level < 0 || digit(found.tick, level) - digit(tick_, level) > kSlots) break;
      if (!is_empty(slots_[static_cast<std::size_t>(level)][found.slot])) return Instant{found.tick * kTick};
      tick = found.tick;
    }
  }
  return Instant::never();
}

}  // namespace lockstep
