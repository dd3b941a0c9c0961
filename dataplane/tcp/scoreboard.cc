#include "dataplane/tcp/scoreboard.h"

namespace lockstep::tcp {

std::uint32_t Scoreboard::add(SequenceRange block, RangePool& pool) {
  RangeNode** link = &head_;
  while (*link != nullptr && before((*link)->end, block.start)) link = &(*link)->next;
  const std::uint32_t before_add = bytes_;
  RangeNode* node = *link;
  if (node == nullptr || after(node->start, block.end)) {
    node = pool.take(block.start, block.end, *link, count_);
    if (node == nullptr) return 0;
    *link = node;
    ++count_;
    bytes_ += block.end - block.start;
    return bytes_ - before_add;
  }
  bytes_ -= node->end - node->start;
  node->start = earlier(node->start, block.start);
  node->end = later(node->end, block.end);
  while (node->next != nullptr && !after(node->next->start, node->end)) {
    RangeNode* const joined = node->next;
    bytes_ -= joined->end - joined->start;
    node->end = later(node->end, joined->end);
    node->next = joined->next;
    pool.give(joined);
    --count_;
  }
  bytes_ += node->end - node->start;
  return bytes_ - before_add;
}

void Scoreboard::acknowledge(std::uint32_t una, RangePool& pool) {
  while (head_ != nullptr && before(head_->start, una)) {
    RangeNode* const node = head_;
    if (after(node->end, una)) {
      bytes_ -= una - node->start;
      node->start = una;
      return;
    }
    bytes_ -= node->end - node->start;
    head_ = node->next;
    pool.give(node);
    --count_;
  }
}

void Scoreboard::clear(RangePool& pool) {
  while (head_ != nullptr) {
    RangeNode* const node = head_;
    head_ = node->next;
    pool.give(node);
  }
  count_ = 0;
  bytes_ = 0;
}

std::uint32_t Scoreboard::lost_edge(std::uint32_t una, std::uint32_t mss) const {
  std::uint32_t edge = una;
  std::uint32_t bytes_above = bytes_;
  std::uint32_t ranges_above = count_;
  for (const RangeNode* node = head_; node != nullptr; node = node->next) {
    if (ranges_above < kDuplicateThreshold && bytes_above <= (kDuplicateThreshold - 1) * mss) break;
    edge = node->start;
    bytes_above -= node->end - node->start;
    --ranges_above;
  }
  return edge;
}

std::uint32_t Scoreboard::sacked(SequenceRange range) const {
  std::uint32_t sum = 0;
  for (const RangeNode* node = head_; node != nullptr && before(node->start, range.end); node = node->next) {
    const std::uint32_t start = later(node->start, range.start);
    const std::uint32_t end = earlier(node->end, range.end);
    if (before(start, end)) sum += end - start;
  }
  return sum;
}

SequenceRange Scoreboard::hole(SequenceRange range) const {
  if (!before(range.start, range.end)) return {};
  for (const RangeNode* node = head_; node != nullptr; node = node->next) {
    if (!after(node->end, range.start)) continue;
    if (after(node->start, range.start)) {
      range.end = earlier(range.end, node->start);
      break;
    }
    range.start = node->end;
  }
  return before(range.start, range.end) ? range : SequenceRange{};
}

}  // namespace lockstep::tcp
