#include "dataplane/tcp/transmissions.h"

#include <algorithm>

namespace lockstep::tcp {

void TransmitLog::add(std::uint32_t end, Instant now, Duration grain) {
  if (count_ != 0) {
    Entry& newest = entries_[count_ - 1];
    if (now - newest.first < grain || now == newest.last || count_ == kEntries) {
      newest.end = end;
      newest.last = now;
      return;
    }
  }
  entries_[count_++] = {end, now, now};
}

void TransmitLog::acknowledge(std::uint32_t una) {
  std::size_t gone = 0;
  while (gone != count_ && !after(entries_[gone].end, una)) ++gone;
  if (gone == 0) return;
  std::move(entries_.begin() + gone, entries_.begin() + count_, entries_.begin());
  count_ -= gone;
}

const TransmitLog::Entry* TransmitLog::find(std::uint32_t end) const {
  for (const Entry& entry : *this)
    if (!before(entry.end, end)) return &entry;
  return nullptr;
}

void Transmissions::start_recovery(std::uint32_t una) {
  again.clear();
  again_delivered = twice_edge = twice_high = una;
}

void Transmissions::delivered(const TransmitLog::Entry& entry, Instant now) {
  if (entry.first < delivered_at) return;
  delivered_at = entry.first;
  round_trip = now - entry.first;
}

Transmissions::Overdue Transmissions::overdue(const TransmitLog& log, std::uint32_t from, std::uint32_t known,
                                              Duration reordering, Instant now) const {
  Overdue result{from};
  for (const TransmitLog::Entry& entry : log) {
    // Within a log the order of the sequence numbers is that of the transmissions.
    const std::uint32_t in_order = earlier(entry.end, known);
    const std::uint32_t limit = entry.last < delivered_at ? entry.end : in_order;
    if (reordering == Duration{}) result.edge = later(result.edge, in_order);
    if (!after(limit, result.edge)) continue;
    const Instant due = entry.last + round_trip + reordering;
    if (due > now) {
      result.next = due;
      break;
    }
    result.edge = limit;
  }
  return result;
}

TransmissionsPool::TransmissionsPool(std::uint32_t capacity) : all_(new Transmissions[capacity]) {
  for (std::uint32_t i = 0; i < capacity; ++i) give(&all_[i]);
}

Transmissions* TransmissionsPool::take(std::uint32_t una) {
  Transmissions* const taken = free_;
  if (taken == nullptr) return nullptr;
  free_ = taken->next;
  *taken = {};
  taken->fresh_delivered = taken->proof_from = una;
  taken->start_recovery(una);
  return taken;
}

void TransmissionsPool::give(Transmissions* transmissions) {
  transmissions->next = free_;
  free_ = transmissions;
}

}  // namespace lockstep::tcp
