#include "dataplane/tcp/reassembly.h"

#include <algorithm>

namespace lockstep::tcp {

// Puts bytes that overlap nothing between two neighbours, joining those they touch. Returns the range that holds them
// now.
RangeNode* Reassembly::place(RangeNode* previous, RangeNode* next, std::uint32_t sequence, Chain&& data,
                             RangePool& pool) {
  const std::uint32_t end = sequence + data.size();
  RangeNode* target = previous;
  if (previous != nullptr && previous->end == sequence) {
    memory_ -= previous->data.memory();
  } else {
    target = pool.take(sequence, sequence, next, count_);
    if (target == nullptr) return nullptr;
    (previous != nullptr ? previous->next : head_) = target;
    ++count_;
  }
  target->data.append(std::move(data));
  target->end = end;
  if (next != nullptr && next->start == end) {
    memory_ -= next->data.memory();
    target->data.append(std::move(next->data));
    target->end = next->end;
    target->next = next->next;
    pool.give(next);
    --count_;
  }
  memory_ += target->data.memory();
  return target;
}

Reassembly::Outcome Reassembly::insert(std::uint32_t sequence, Chain&& data, RangePool& pool, MbufPools& mbufs,
                                       SequenceRange& duplicate) {
  const std::uint32_t first = sequence;
  duplicate = {};
  bool kept = false;
  RangeNode* previous = nullptr;
  RangeNode* next = head_;
  while (!data.empty()) {
    while (next != nullptr && !after(next->end, sequence)) {
      previous = next;
      next = next->next;
    }
    if (next != nullptr && !after(next->start, sequence)) {
      const std::uint32_t known = std::min(next->end - sequence, data.size());
      if (duplicate.empty()) duplicate = {sequence, sequence + known};
      data.drop_front(known);
      sequence += known;
      continue;
    }
    const std::uint32_t gap = next == nullptr ? data.size() : std::min(next->start - sequence, data.size());
    Chain part;
    if (!data.split_front(gap, mbufs, part)) return Outcome::full;
    next = place(previous, next, sequence, std::move(part), pool);
    if (next == nullptr) return Outcome::full;
    kept = true;
    sequence += gap;
  }
  remember(first);
  return kept ? Outcome::kept : Outcome::duplicate;
}

std::uint32_t Reassembly::pop_front(std::uint32_t next, Chain& out, RangePool& pool) {
  RangeNode* const node = head_;
  const std::uint32_t end = node->end;
  memory_ -= node->data.memory();
  node->data.drop_front(next - node->start);
  out.append(std::move(node->data));
  head_ = node->next;
  pool.give(node);
  --count_;
  return end;
}

std::uint32_t Reassembly::deliver(std::uint32_t next, Chain&& data, Chain& out, RangePool& pool, MbufPools& mbufs) {
  while (!data.empty()) {
    if (head_ == nullptr || !before(head_->start, next + data.size())) {
      next += data.size();
      out.append(std::move(data));
      break;
    }
    const std::uint32_t gap = head_->start - next;
    if (gap != 0) {
      if (!data.split_front(gap, mbufs, out)) return next;
      next += gap;
    }
    const std::uint32_t known = std::min(head_->end - next, data.size());
    next = pop_front(next, out, pool);
    data.drop_front(known);
  }
  while (head_ != nullptr && head_->start == next) next = pop_front(next, out, pool);
  if (head_ == nullptr) recent_count_ = 0;
  return next;
}

void Reassembly::remember(std::uint32_t sequence) {
  const RangeNode* const range = containing(sequence);
  if (range == nullptr) return;
  std::array<std::uint32_t, kMaximumSackBlocks> newest{sequence};
  std::uint8_t count = 1;
  for (std::uint8_t i = 0; i < recent_count_ && count < newest.size(); ++i)
    if (before(recent_[i], range->start) || !before(recent_[i], range->end)) newest[count++] = recent_[i];
  recent_ = newest;
  recent_count_ = count;
}

const RangeNode* Reassembly::containing(std::uint32_t sequence) const {
  for (const RangeNode* node = head_; node != nullptr && !after(node->start, sequence); node = node->next)
    if (before(sequence, node->end)) return node;
  return nullptr;
}

std::size_t Reassembly::sack_blocks(std::span<SequenceRange> blocks) const {
  std::size_t count = 0;
  for (std::uint8_t i = 0; i < recent_count_ && count < blocks.size(); ++i) {
    const RangeNode* const range = containing(recent_[i]);
    if (range == nullptr) continue;
    const SequenceRange block{range->start, range->end};
    if (std::find(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(count), block) ==
        blocks.begin() + static_cast<std::ptrdiff_t>(count))
      blocks[count++] = block;
  }
  return count;
}

void Reassembly::clear(RangePool& pool) {
  while (head_ != nullptr) {
    RangeNode* const node = head_;
    head_ = node->next;
    pool.give(node);
  }
  count_ = 0;
  memory_ = 0;
  recent_count_ = 0;
}

}  // namespace lockstep::tcp
