#include "dataplane/tls/early_data.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace lockstep::tls {

void count_early_data(Counters& counters, EarlyData outcome) {
  switch (outcome) {
    case EarlyData::none:
      break;
    case EarlyData::accepted:
      return counters.early_data_accepted.add();
    case EarlyData::not_allowed:
      return counters.early_data_not_allowed.add();
    case EarlyData::mismatched:
      return counters.early_data_mismatched.add();
    case EarlyData::retried:
      return counters.early_data_retried.add();
    case EarlyData::foreign:
      return counters.early_data_foreign.add();
    case EarlyData::stale:
      return counters.early_data_stale.add();
    case EarlyData::replayed:
      return counters.early_data_replayed.add();
    case EarlyData::window_full:
      return counters.early_data_window_full.add();
    case EarlyData::unavailable:
      return counters.early_data_unavailable.add();
  }
}

HelloId HelloId::of(Bytes binder) {
  HelloId id;
  std::copy_n(binder.begin(), kSize, id.bytes.begin());
  return id;
}

std::uint16_t owner_of_hello(Bytes binder, std::uint16_t cores) {
  Reader reader(binder.subspan(HelloId::kSize));
  return static_cast<std::uint16_t>(reader.u32() % cores);
}

EarlyDataWindow::EarlyDataWindow(std::uint32_t capacity, Random& random)
    : slots_(capacity), buckets_(std::bit_ceil(std::size_t{capacity} + 2), kNone) {
  std::array<std::uint8_t, sizeof multiplier_> bytes;
  random.fill(bytes);
  std::memcpy(&multiplier_, bytes.data(), sizeof multiplier_);
  multiplier_ |= 1;
  shift_ = 64 - static_cast<std::uint32_t>(std::countr_zero(buckets_.size()));
}

// Multiply-shift hashing (Dietzfelbinger and others, 1997).
std::uint32_t& EarlyDataWindow::bucket_of(const HelloId& hello) {
  std::uint64_t word;
  std::memcpy(&word, hello.bytes.data(), sizeof word);
  return buckets_[(word * multiplier_) >> shift_];
}

void EarlyDataWindow::forget_oldest() {
  std::uint32_t* link = &bucket_of(slots_[oldest_].hello);
  while (*link != oldest_) link = &slots_[*link].next;
  *link = slots_[oldest_].next;
  oldest_ = (oldest_ + 1) % static_cast<std::uint32_t>(slots_.size());
  --size_;
}

EarlyData EarlyDataWindow::admit(const HelloId& hello, Instant until, Instant now) {
  while (size_ != 0 && slots_[oldest_].until < now) forget_oldest();
  if (until < now) return EarlyData::stale;
  std::uint32_t& bucket = bucket_of(hello);
  for (std::uint32_t index = bucket; index != kNone; index = slots_[index].next)
    if (slots_[index].hello == hello) return EarlyData::replayed;
  if (size_ == slots_.size()) return EarlyData::window_full;
  const auto index = static_cast<std::uint32_t>((std::uint64_t{oldest_} + size_) % slots_.size());
  slots_[index] = {hello, until, bucket};
  bucket = index;
  ++size_;
  return EarlyData::accepted;
}

}  // namespace lockstep::tls
